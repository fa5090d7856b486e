"""However an attempt or its worker ends, nothing of it is left: counted in /proc by a token in the command line."""

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

from foliot.worker.executors import script as script_module
from foliot.worker.executors.attempt import Result
from foliot.worker.executors.sandbox import Sandbox
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor.link import SupervisorError
from foliot.worker.executors.supervisor.linux import now
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.processes import ESCAPED, Token, until

HOST = Path(__file__).with_name("script_host.py")
TESTS = HOST.parents[2]


@pytest.fixture(scope="module", params=["namespace", "group"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


@pytest.fixture(scope="module")
async def executor(mode: str) -> AsyncIterator[ScriptExecutor]:
    async with executing(mode, grace_seconds=0.3) as executor:
        yield executor


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


@pytest.fixture(scope="module")
async def patient(mode: str) -> AsyncIterator[ScriptExecutor]:
    """One that would wait long before it kills."""
    async with executing(mode, grace_seconds=60.0) as executor:
        yield executor


async def test_term_comes_first_and_what_is_printed_then_is_kept(patient: ScriptExecutor) -> None:
    token = Token()
    script = f"trap 'echo bye; exit 0' TERM; echo hello; sleep {token.seconds} & wait"
    async with under_way(patient, script, token, count=2) as (task, output):
        task.cancel()
        await cancelled(task)
    assert output.text() == "hello\nbye\n"


async def test_term_ends_a_script_without_a_trap_and_its_next_line_is_not_run(patient: ScriptExecutor) -> None:
    token = Token()
    async with under_way(patient, f"sleep {token.seconds}; echo next", token, count=2) as (task, output):
        task.cancel()
        await cancelled(task)
    assert output.text() == ""


async def test_a_timeout_of_the_runner_stops_the_script(patient: ScriptExecutor) -> None:
    token = Token()
    output = Output()
    script = f"trap 'echo bye; exit' TERM; echo hello; sleep {token.seconds} & wait"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await patient.run(token.attempt(script), output)
    assert output.text() == "hello\nbye\n"
    assert token.pids() == []


async def test_kill_follows_when_term_is_ignored(executor: ScriptExecutor) -> None:
    token = Token()
    async with under_way(executor, token.escapes(), token, count=ESCAPED) as (task, output):
        task.cancel()
        await cancelled(task)
        assert token.pids() == []
    assert output.text() == "ready\n"


async def test_a_second_cancel_kills_at_once(patient: ScriptExecutor) -> None:
    token = Token()
    async with under_way(patient, token.escapes(), token, count=ESCAPED) as (task, _):
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await cancelled(task)
        assert token.pids() == []


async def test_further_cancels_change_nothing(executor: ScriptExecutor) -> None:
    token = Token()
    async with under_way(executor, token.escapes(), token, count=ESCAPED) as (task, _):
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
        assert token.pids() == []


async def test_the_end_of_the_script_ends_what_escaped(executor: ScriptExecutor) -> None:
    token = Token()
    script = token.escapes().rpartition("sleep")[0] + "exit 4"
    result = await executor.run(token.attempt(script), Output())
    assert result.exit_code == 4
    assert token.pids() == []


async def test_an_attempt_ends_with_its_lease(executor: ScriptExecutor) -> None:
    token = Token()
    output = Output()
    attempt = token.attempt(token.escapes(), lease_deadline=now() + 0.5)
    async with asyncio.timeout(5):
        result = await executor.run(attempt, output)
    assert result == Result(
        succeeded=False,
        exit_code=137,
        error_message="killed by its supervisor: the worker's lease was not extended",
    )
    assert output.text() == "ready\n"
    assert token.pids() == []


async def test_the_lease_of_the_executor_counts_when_the_attempt_names_none(mode: str) -> None:
    async with executing(mode, lease_seconds=0.3) as executor, asyncio.timeout(5):
        result = await executor.run(make_attempt("script", script="sleep 1000"), Output())
    assert "lease" in str(result.error_message)


async def test_what_runs_is_extended_and_what_starts_later_is_not(executor: ScriptExecutor) -> None:
    first = make_attempt("script", script="sleep 0.7", fields={"lease_deadline": now() + 0.5})
    task = asyncio.create_task(executor.run(first, Output()))
    await until(lambda: len(executor._link._endings) == 1)
    executor.extend(now() + 20)
    later = make_attempt("script", script="sleep 0.7", fields={"lease_deadline": now() + 0.5})
    results = await asyncio.gather(task, executor.run(later, Output()))
    assert [result.succeeded for result in results] == [True, False]


async def test_an_earlier_deadline_does_not_shorten_a_lease(executor: ScriptExecutor) -> None:
    task = asyncio.create_task(executor.run(make_attempt("script", script="sleep 0.3"), Output()))
    await until(lambda: len(executor._link._endings) == 1)
    executor.extend(now() - 100)
    assert (await task).succeeded


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


ORDINARY = ("unshare", "--user", "--map-user=4242", "--map-group=4242", "--") if os.geteuid() == 0 else ()
"""A user namespace makes a process an ordinary user, here as in a container."""


async def test_without_root_nothing_is_left_either(mode: str) -> None:
    wrapper = ORDINARY
    token = Token()
    async with hosted(mode, token.escapes(), *wrapper, token=token) as (host, event):
        await event()
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])
    look = 'id -u; for file in /proc/*/environ; do tr "\\0" "\\n" <$file | grep SECRET_OF; done 2>/dev/null; exit 0'
    async with hosted(mode, look, *wrapper) as (_, event):
        await event()
        ended = await event()
    assert ended["log"].split() == ["4242" if wrapper else str(os.geteuid())]


async def test_without_root_a_script_that_kills_its_keeper_ends() -> None:
    """In a group the keeper belongs to the script's own user."""
    token = Token()
    script = token.escapes().rpartition("sleep")[0] + f"kill -KILL $PPID; sleep {token.seconds}"
    async with hosted("group", script, *ORDINARY, token=token) as (_, event):
        await event()
        ended = await event()
        assert (ended["succeeded"], ended["message"]) == (False, "killed by SIGKILL")
        assert token.pids() == []


async def test_without_root_a_script_that_stops_its_keeper_ends() -> None:
    token = Token()
    script = f"(while kill -STOP $PPID; do :; done) & sleep {token.seconds}"
    async with hosted("group", script, *ORDINARY, token=token) as (host, event):
        await event()
        await until(lambda: len(token.pids()) >= 3)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a capability to give up")
async def test_where_namespaces_are_forbidden_the_group_is_used_or_the_worker_refuses() -> None:
    """As in a container with the usual capabilities."""
    plain = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--")
    async with hosted("namespace", "true", *plain) as (host, event):
        with pytest.raises(json.JSONDecodeError):
            await event()
        assert await host.wait() != 0
    token = Token()
    async with hosted(None, token.escapes(), *plain, token=token) as (host, event):
        assert (await event())["mode"] == "group"
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
