"""However a worker or its supervisor ends, nothing of an attempt is left: counted in /proc by a token."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from foliot.worker.executors import script as script_module
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.processes import ESCAPED, Token, until
from integration.executors.scripts import cancelled, executing, hosted, under_way


async def test_a_killed_worker_leaves_nothing(mode: str) -> None:
    token = Token()
    async with hosted(mode, token.escapes(), token=token) as (host, event):
        supervisor = (await event())["supervisor"]
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])
        await until(lambda: not Path(f"/proc/{supervisor}/cmdline").exists() or is_zombie(supervisor))


async def test_a_stopped_worker_loses_its_attempts_when_the_lease_ends(mode: str) -> None:
    token = Token()
    async with hosted(mode, token.escapes(), lease_seconds=0.9, token=token) as (host, event):
        await event()
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGSTOP)
        assert len(token.pids()) >= ESCAPED
        await until(lambda: token.pids() == [], 3)
        host.send_signal(signal.SIGCONT)
        ended = await event()
    assert (ended["succeeded"], ended["log"]) == (False, "ready\n")
    assert "lease" in ended["message"]


async def test_a_worker_that_lives_keeps_its_attempts(mode: str) -> None:
    async with hosted(mode, "sleep 1; echo done", lease_seconds=0.5) as (_, event):
        await event()
        ended = await event()
    assert (ended["succeeded"], ended["log"]) == (True, "done\n")


async def test_a_stopped_worker_with_a_group_of_its_own_signals(mode: str) -> None:
    """Ctrl-C and hangup go to the worker's process group; the supervisor drains with the worker, not before."""
    async with hosted(mode, "sleep 0.3; echo done") as (host, event):
        supervisor = (await event())["supervisor"]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(supervisor, number)
        assert os.getsid(supervisor) == supervisor != os.getsid(host.pid)
        assert (await event())["succeeded"]


async def test_a_killed_supervisor_takes_everything_with_it_and_is_replaced(mode: str) -> None:
    token = Token()
    async with executing(mode) as executor:
        output = Output()
        task = asyncio.create_task(executor.run(token.attempt(token.escapes()), output))
        await until(lambda: len(token.pids()) >= ESCAPED)
        os.kill(executor._link.pid, signal.SIGKILL)
        result = await task
        assert (result.succeeded, result.final) == (False, False)
        assert "supervisor" in str(result.error_message)
        await until(lambda: token.pids() == [])
        again = await executor.run(make_attempt("script", script="echo again"), output)
        assert again.succeeded
    assert output.text() == "ready\nagain\n"


async def test_a_supervisor_that_cannot_be_replaced_is_an_error_of_the_attempt(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with executing(mode) as executor:
        os.kill(executor._link.pid, signal.SIGKILL)
        await until(lambda: executor._link.gone)
        monkeypatch.setattr(sys, "executable", "/bin/false")
        for _ in range(2):
            result = await executor.run(make_attempt("script", script="true"), Output())
            assert (result.succeeded, result.final) == (False, False)
            assert "does not start" in str(result.error_message)
        monkeypatch.undo()
        assert (await executor.run(make_attempt("script", script="true"), Output())).succeeded


async def test_a_supervisor_that_stands_still_is_killed(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_module, "_KILL_SECONDS", 0.3)
    token = Token()
    async with (
        executing(mode, grace_seconds=0.1) as executor,
        under_way(executor, token.escapes(), token, count=ESCAPED) as (task, _),
    ):
        os.kill(executor._link.pid, signal.SIGSTOP)
        task.cancel()
        await cancelled(task)
        await until(lambda: token.pids() == [])
        assert (await executor.run(make_attempt("script", script="true"), Output())).succeeded


async def test_closing_the_executor_kills_what_runs(mode: str) -> None:
    token = Token()
    async with executing(mode) as executor:
        task = asyncio.create_task(executor.run(token.attempt(token.escapes()), Output()))
        await until(lambda: len(token.pids()) >= ESCAPED)
    assert token.pids() == []
    assert not (await task).succeeded


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
