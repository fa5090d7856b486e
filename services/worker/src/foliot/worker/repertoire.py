"""The executors of this worker, by job_type."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Mapping

from foliot.worker.config import Config
from foliot.worker.executors.attempt import Executor
from foliot.worker.executors.http_request import HttpRequestExecutor


class Repertoire:
    def __init__(self, by_job_type: Mapping[str, Executor]) -> None:
        self.by_job_type = by_job_type

    def extend(self, deadline: float) -> None:
        """The lease holds until `deadline` (CLOCK_BOOTTIME): supervisors of scripts may wait until then."""


@contextlib.asynccontextmanager
async def open_repertoire(config: Config) -> AsyncIterator[Repertoire]:
    networks = [ipaddress.ip_network(text) for text in config.worker_http_allow_networks]
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(HttpRequestExecutor(allow_networks=networks))
        yield Repertoire({"http_request": http})
