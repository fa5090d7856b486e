"""Repertoire: the executors of this worker, by job_type."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import structlog

from foliot.common.errors import ConfigError
from foliot.worker import events
from foliot.worker.config import Config
from foliot.worker.executors.attempt import Attempt, Executor, Result
from foliot.worker.executors.datasources import Datasource, DatasourceError, load_datasources
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.executors.noop import NoopExecutor
from foliot.worker.executors.sandbox import Sandbox
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.sql_query import SqlQueryExecutor
from foliot.worker.executors.supervisor.link import SupervisorError
from foliot.worker.output import Output

_REMEDY = "allow the worker user namespaces and mounts in them, or set FOLIOT_WORKER_SCRIPT_MODE=group to run without"
_WEAKNESS = "scripts are held together by the worker alone; without root they can read what it can, its secrets too"
_log = structlog.get_logger()


class Repertoire:
    """The executors that are open. `by_job_type`: for the runner. `datasources`: the names that sql_query jobs may use
    here, which the heartbeat tells."""

    def __init__(self, by_job_type: Mapping[str, Executor]) -> None:
        self.by_job_type = by_job_type
        self.datasources = sorted(
            name
            for executor in by_job_type.values()
            if isinstance(executor, SqlQueryExecutor)
            for name in executor.names
        )
        self._scripts = [executor for executor in by_job_type.values() if isinstance(executor, ScriptExecutor)]

    def extend(self, deadline: float) -> None:
        """Let scripts go on until `deadline` (CLOCK_BOOTTIME seconds), up to which the lease holds."""
        for executor in self._scripts:
            executor.extend(deadline)


class Refusing:
    """The executor of a job_type that this worker cannot carry out: each attempt fails with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def run(self, attempt: Attempt, output: Output) -> Result:  # noqa: ARG002
        return Result(succeeded=False, error_message=self._reason)


def _datasources(config: Config) -> Mapping[str, Datasource]:
    try:
        return load_datasources(config.worker_datasources_file)
    except DatasourceError as error:
        raise ConfigError(f"FOLIOT_WORKER_DATASOURCES_FILE: {error}") from None


async def _http_request(config: Config, stack: contextlib.AsyncExitStack) -> Executor:
    return await stack.enter_async_context(HttpRequestExecutor(allow_networks=config.worker_http_allow_networks))


async def _sql_query(config: Config, stack: contextlib.AsyncExitStack) -> Executor:
    return await stack.enter_async_context(SqlQueryExecutor(_datasources(config)))


async def _noop(_config: Config, _stack: contextlib.AsyncExitStack) -> Executor:
    return NoopExecutor()


async def _script(config: Config, stack: contextlib.AsyncExitStack) -> Executor:
    """A worker that cannot run scripts safely says so in its log, and goes on with the other job types."""
    sandbox = Sandbox(
        mode=None if config.worker_script_mode == "auto" else config.worker_script_mode,
        tmp_bytes=config.worker_script_tmp_bytes,
    )
    try:
        script = await stack.enter_async_context(ScriptExecutor(sandbox))
    except SupervisorError as error:
        _log.error(events.SCRIPTS_REFUSED, error=error, remedy=_REMEDY)
        return Refusing(f"{error}; the operator can {_REMEDY}")
    if script.mode == "group":
        _log.warning(events.SCRIPTS_CONFINED, mode=script.mode, weakness=_WEAKNESS)
    else:
        _log.info(events.SCRIPTS_CONFINED, mode=script.mode)
    return script


EXECUTORS: Final[Mapping[str, Callable[[Config, contextlib.AsyncExitStack], Awaitable[Executor]]]] = {
    "http_request": _http_request,
    "script": _script,
    "sql_query": _sql_query,
    "noop": _noop,
}
"""job_type -> how its executor is opened: one line for each job type of foliot.common.model.payloads."""


@contextlib.asynccontextmanager
async def open_repertoire(config: Config) -> AsyncIterator[Repertoire]:
    """Open the executors, and close them at the end. Raises ConfigError for data sources that make no sense."""
    async with contextlib.AsyncExitStack() as stack:
        yield Repertoire({job_type: await opened(config, stack) for job_type, opened in EXECUTORS.items()})
