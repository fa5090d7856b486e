"""An application behind the product's own connections, for a client of the test."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from foliot.api.web.refusals import refuse
from foliot.common.clock import SystemClock
from foliot.common.process.admin import listen
from foliot.common.process.connections import Bounds


class Served(TestServer):
    """In place of aiohttp's test server, whose connections are aiohttp's."""

    def __init__(self, app: web.Application, bounds: Bounds | None = None) -> None:
        super().__init__(app, host="127.0.0.1")
        self._stack = contextlib.AsyncExitStack()
        self._bounds = bounds or Bounds()

    async def start_server(self, loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any) -> None:
        if self._root is not None:
            return
        serving = listen(self.app, "127.0.0.1", 0, SystemClock(), grace=1, refuse=refuse, bounds=self._bounds)
        self.port = await self._stack.enter_async_context(serving)
        self._root = URL(f"http://127.0.0.1:{self.port}")

    async def close(self) -> None:
        await self._stack.aclose()
