"""However an attempt ends, nothing of it is left: counted in /proc by a token in the command line."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor.linux import now
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.processes import ESCAPED, Token, until
from integration.executors.scripts import cancelled, executing, under_way


@pytest.fixture(scope="module")
async def executor(mode: str) -> AsyncIterator[ScriptExecutor]:
    async with executing(mode, grace_seconds=0.3) as executor:
        yield executor


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
