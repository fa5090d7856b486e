"""The transport for asyncio, over aiohttp: for services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

from foliot.client.clock import pause
from foliot.client.decoding import decoded
from foliot.client.exchange import Call, Lost, Pause, Reply, exchange
from foliot.client.request import Request

Answer = TypeVar("Answer")


class AsyncClient:
    """Connections to one API, for as many tasks as there are.

    async with AsyncClient("http://127.0.0.1:8080", key) as client:
        job = await client.send(create_job({...}))
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, request: Request[Answer]) -> Answer:
        """The answer in its type. Raises Refused or Away."""
        return decoded(request, await self.answer(request))

    async def answer(self, request: Request[Any]) -> Reply:
        """The answer as it came. Raises Refused or Away."""
        steps = exchange(request, self._key)
        given: Reply | Lost | None = None
        while True:
            try:
                step = steps.send(given)
            except StopIteration as end:
                reply: Reply = end.value
                return reply
            given = await self._do(step)

    async def pages(self, request: Request[Answer]) -> AsyncIterator[Answer]:
        """This page of a list and all that follow."""
        following: Request[Answer] | None = request
        while following is not None:
            page: Any = await self.send(following)
            yield page
            following = following.after(page.next_cursor) if page.next_cursor else None

    async def wait(self, steps: Generator[Request[Answer] | Pause, Any, Answer]) -> Answer:
        """Drives what `waiting` describes."""
        given: Answer | None = None
        while True:
            try:
                step = steps.send(given)
            except StopIteration as end:
                found: Answer = end.value
                return found
            given = None
            if isinstance(step, Pause):
                await pause(step.seconds)
            else:
                given = await self.send(step)

    async def _do(self, step: Call | Pause) -> Reply | Lost | None:
        if isinstance(step, Pause):
            await pause(step.seconds)
            return None
        try:
            async with self._session.request(
                step.method, self._url + step.target, data=step.body, headers=step.headers, allow_redirects=False
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, headers, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            return Lost(f"no answer from {self._url}: {str(error) or type(error).__name__}")
