"""Scripts under way, in this process or hosted by a small worker of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.sandbox import Sandbox
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor.link import SupervisorError
from foliot.worker.output import Output
from integration.executors.processes import Token, until

HOST = Path(__file__).with_name("script_host.py")

TESTS = HOST.parents[2]


@asynccontextmanager
async def executing(mode: str, **arguments: Any) -> AsyncIterator[ScriptExecutor]:
    executor = ScriptExecutor(Sandbox(mode=mode), **arguments)
    try:
        await executor.__aenter__()
    except SupervisorError as error:
        if mode == "group" or os.geteuid() == 0:  # there it must work: a broken sandbox is red, not skipped
            raise
        pytest.skip(f"this kernel gives an ordinary user no namespaces: {error}")
    try:
        yield executor
    finally:
        await executor.__aexit__(None, None, None)


@asynccontextmanager
async def under_way(
    executor: ScriptExecutor, script: str, token: Token, *, count: int = 1, **fields: Any
) -> AsyncIterator[tuple[asyncio.Task[Result], Output]]:
    """Run a script and wait until it has `count` processes with the token; the body ends it."""
    output = Output()
    task = asyncio.create_task(executor.run(token.attempt(script, **fields), output))
    try:
        await until(lambda: task.done() or len(token.pids()) >= count)
        assert not task.done(), task.result()
        yield task, output
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert token.pids() == []


async def cancelled(task: asyncio.Task[Result], seconds: float = 8.0) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(seconds):
            await task


@asynccontextmanager
async def hosted(
    mode: str | None, script: str, *wrapper: str, token: Token | None = None, **asked: Any
) -> AsyncIterator[tuple[Any, Any]]:
    """Run a small worker; give its process and a function that reads its next event."""
    host = await asyncio.create_subprocess_exec(
        *wrapper,
        sys.executable,
        str(HOST),
        json.dumps({"mode": mode, "script": script, "args": [token.seconds] if token else []} | asked),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}", "SECRET_OF_THE_WORKER": "x"},
    )
    assert host.stdout is not None

    async def event() -> dict[str, Any]:
        async with asyncio.timeout(10):
            event: dict[str, Any] = json.loads(await host.stdout.readline())
        return event

    try:
        yield host, event
    finally:
        if host.returncode is None:
            host.send_signal(signal.SIGKILL)
        await host.wait()
        host._transport.close()
