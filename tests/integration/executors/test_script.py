"""Scripts in every mode that works here: their surroundings, their limits, and the report of their end."""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.sandbox import Limits, Sandbox, UidRange
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor.link import SupervisorError
from foliot.worker.output import LIMIT, Output
from integration.executors.making import TRACEPARENT, make_attempt
from integration.executors.processes import Token, until

LIMITS = Limits(cpu_seconds=1, memory_bytes=64 * 1024**2, file_bytes=1024**2, open_files=64, processes=20)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="user ids can only be changed by root")


@pytest.fixture(scope="module", params=["namespace", "group"])
async def executor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ScriptExecutor]:
    try:
        running = await ScriptExecutor(Sandbox(mode=request.param, limits=LIMITS)).__aenter__()
    except SupervisorError as error:
        if request.param == "group" or os.geteuid() == 0:  # there it must work: a broken sandbox is red, not skipped
            raise
        pytest.skip(f"this kernel gives an ordinary user no namespaces: {error}")
    try:
        yield running
    finally:
        await running.__aexit__(None, None, None)


async def ran(executor: ScriptExecutor, script: str, **payload: Any) -> tuple[Result, str]:
    output = Output()
    async with asyncio.timeout(20):
        result = await executor.run(make_attempt("script", script=script, **payload), output)
    return result, output.text()


async def test_success_and_output_of_both_streams(executor: ScriptExecutor) -> None:
    result, log = await ran(executor, "echo out; echo err >&2; printf 'a\\0b\\377'")
    assert result == Result(succeeded=True, exit_code=0)
    assert log == "out\nerr\na\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("script", "exit_code", "message"),
    [
        ("exit 3", 3, "exit status 3"),
        ("exit 255", 255, "exit status 255"),
        ("kill -KILL $$", 137, "killed by SIGKILL"),
        ("kill -TERM $$; sleep 10", 143, "killed by SIGTERM"),
        ("kill -SEGV $$", 139, "killed by SIGSEGV"),
        ("sh -c 'kill -KILL $$'", 137, "exit status 137"),
        ("nonsense", 127, "exit status 127"),
        ("while :; do :; done", 152, "killed by SIGXCPU (CPU limit)"),
    ],
)
async def test_failures(executor: ScriptExecutor, script: str, exit_code: int, message: str) -> None:
    result, _ = await ran(executor, script)
    assert result == Result(succeeded=False, exit_code=exit_code, error_message=message)


async def test_environment_is_exactly_that_of_the_contract(executor: ScriptExecutor) -> None:
    attempt = make_attempt("script", script="/usr/bin/env -0 | tr '\\0' '\\n'", env={"A": "b c"})
    output = Output()
    assert (await executor.run(attempt, output)).succeeded
    env = dict(line.split("=", 1) for line in output.text().splitlines())
    home = env.pop("HOME")
    assert env.pop("PWD") == home  # set by the shell
    assert env == {
        "A": "b c",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TRACEPARENT": TRACEPARENT,
        "FOLIOT_JOB_ID": "42",
        "FOLIOT_EXECUTION_ID": str(attempt.execution_id),
        "FOLIOT_ATTEMPT": "2",
        "FOLIOT_SCHEDULED_TIME": "2026-11-23T12:00:00.000000Z",
    }


async def test_interpreter_and_arguments(executor: ScriptExecutor) -> None:
    _, log = await ran(executor, "printf '<%s>' \"$@\"", args=["a b", "", "$HOME", "ü"])
    assert log == "<a b><><$HOME><ü>"
    _, log = await ran(executor, "END { print v }", interpreter="/usr/bin/awk", args=["-f"])
    _, log = await ran(executor, "#!/bin/cat\nhello", interpreter="/usr/bin/env")
    assert log.endswith("hello")


@pytest.mark.parametrize("interpreter", ["/no/such/interpreter", "/etc/passwd", "/usr/bin", "/etc/passwd/x"])
async def test_an_interpreter_that_is_none_is_final(executor: ScriptExecutor, interpreter: str) -> None:
    result, log = await ran(executor, "x", interpreter=interpreter)
    assert (result.succeeded, result.final, result.exit_code, log) == (False, True, None, "")
    assert str(result.error_message).startswith(f"interpreter {interpreter}: ")


async def test_stdin_is_empty_and_no_other_descriptor_is_open(executor: ScriptExecutor) -> None:
    result, log = await ran(executor, "cat; exec ls -l /proc/self/fd")
    assert result.succeeded
    targets = [line.partition(" -> ")[2] for line in log.splitlines() if "->" in line and "/proc/" not in line]
    assert targets[0] == "/dev/null"
    assert len(targets) == 3
    assert targets[1] == targets[2]


async def test_the_working_directory_is_temporary_and_its_own(executor: ScriptExecutor) -> None:
    script = 'pwd; ls -A; echo x >"$HOME/file"; mkdir -p d/e; chmod 500 d/e d; stat -c %a .'
    result, log = await ran(executor, script)
    assert result.succeeded
    home, mode = log.split()
    assert mode == "700"
    await until(lambda: not Path(home).parent.exists())


async def test_directories_of_others_are_closed(executor: ScriptExecutor) -> None:
    token = Token()
    output = Output()
    other = asyncio.create_task(
        executor.run(token.attempt(f"pwd; touch secret; echo ready; sleep {token.seconds}"), output)
    )
    await until(lambda: "ready" in output.text())
    home = output.text().split()[0]
    result, _ = await ran(executor, f"cat {home}/secret || cat {home}/../script")
    assert result.succeeded is (os.geteuid() != 0)
    other.cancel()
    await asyncio.wait([other])


@needs_root
async def test_each_attempt_has_a_user_of_its_own_and_no_privilege(executor: ScriptExecutor) -> None:
    script = "id -u; id -g; id -G; grep -E '^(Cap(Prm|Eff)|NoNewPrivs)' /proc/self/status"
    logs = [(await ran(executor, script))[1].split() for _ in range(3)]
    uids = {log[0] for log in logs}
    assert len(uids) == 3
    users = {str(user.pw_uid) for user in pwd.getpwall()}
    assert not uids & users
    for uid, gid, groups, *status in logs:
        assert uid == gid == groups
        assert status == ["CapPrm:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1"]


@needs_root
async def test_signals_do_not_reach_others(executor: ScriptExecutor) -> None:
    result, log = await ran(executor, f"kill -KILL {os.getpid()} || kill -KILL {os.getppid()}; kill -KILL -1; exit 0")
    assert log.count("kill") >= 1 or not result.succeeded


async def test_memory_is_limited(executor: ScriptExecutor) -> None:
    _, log = await ran(executor, "head -c 100M /dev/zero | tail -n 1 | wc -c")
    assert "memory" in log.lower()
    assert "104857600" not in log


async def test_files_are_limited(executor: ScriptExecutor) -> None:
    result, _ = await ran(executor, "head -c 100M /dev/zero >file; code=$?; stat -c %s file; exit $code")
    assert result.exit_code == 128 + 25
    assert result.error_message == "exit status 153"


async def test_descriptors_are_limited(executor: ScriptExecutor) -> None:
    _, log = await ran(executor, "ulimit -n; ulimit -c; ulimit -Hn")
    assert log.split() == ["64", "0", "64"]


async def test_a_fork_bomb_is_bounded_and_starves_nobody(executor: ScriptExecutor) -> None:
    token = Token()
    bomb = f"bomb() {{ sleep {token.seconds} & bomb; }}; bomb & bomb & echo started; sleep {token.seconds}"
    output = Output()
    task = asyncio.create_task(executor.run(token.attempt(bomb), output))
    await until(lambda: len(token.pids()) >= 5 or task.done())
    _, log = await ran(executor, "echo alive; /bin/echo too")
    assert log == "alive\ntoo\n"
    assert len(token.pids()) <= LIMITS.processes
    task.cancel()
    await asyncio.wait([task])
    assert token.pids() == []


async def test_endless_output_neither_blocks_nor_fills_memory(executor: ScriptExecutor) -> None:
    result, log = await ran(executor, "echo first; yes 0123456789abcdef | head -c 20M; echo last")
    assert result.succeeded
    assert len(log.encode()) <= LIMIT
    assert log.startswith("first\n0123")
    assert log.endswith("def\nlast\n") or log.endswith("last\n")
    assert "bytes cut" in log


async def test_a_flood_of_output_leaves_the_loop_responsive(executor: ScriptExecutor) -> None:
    """A script that prints for ever gets 100 MB/s, not the whole event loop."""
    output = Output()
    task = asyncio.create_task(executor.run(make_attempt("script", script="exec yes"), output))
    await until(lambda: output.written > 1_000_000)
    loop = asyncio.get_running_loop()
    written, began = output.written, loop.time()
    for _ in range(3):
        result, _ = await ran(executor, "echo hello")
        assert result.succeeded
    rate = (output.written - written) / (loop.time() - began)
    assert 0 < rate < 150e6
    task.cancel()
    await asyncio.wait([task])


async def test_many_at_once(executor: ScriptExecutor) -> None:
    results = await asyncio.gather(*(ran(executor, f"echo {n}") for n in range(30)))
    assert [log for _, log in results] == [f"{n}\n" for n in range(30)]


async def test_what_a_script_leaves_behind_is_killed_and_does_not_hold_it_up(executor: ScriptExecutor) -> None:
    token = Token()
    result, log = await ran(executor, f"setsid sleep {token.seconds} & (sleep {token.seconds} &) ; echo done")
    assert (result.succeeded, log) == (True, "done\n")
    assert token.pids() == []


@needs_root
async def test_two_workers_of_a_machine_do_not_share_users() -> None:
    async with ScriptExecutor() as one, ScriptExecutor() as other:
        uids = [int((await ran(executor, "id -u"))[1]) for executor in (one, other)]
    assert abs(uids[0] - uids[1]) >= UidRange().block - 2


@needs_root
async def test_no_free_users() -> None:
    uids = UidRange(first=59_000, count=8, block=8)
    async with ScriptExecutor(Sandbox(uids=uids)) as executor:
        with pytest.raises(SupervisorError, match=r"no free user ids for scripts in 59000\.\.59007"):
            await ScriptExecutor(Sandbox(uids=uids)).__aenter__()
        tasks = [asyncio.create_task(ran(executor, "exec sleep 1000")) for _ in range(8)]
        await until(lambda: len(executor._link._endings) == 8)
        result, _ = await ran(executor, "true")
        assert "user ids for scripts are in use" in str(result.error_message)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@needs_root
async def test_users_that_exist_are_not_taken() -> None:
    with pytest.raises(SupervisorError, match="user id 0 for scripts belongs to root"):
        await ScriptExecutor(Sandbox(uids=UidRange(first=0, count=8, block=8))).__aenter__()


@needs_root
async def test_a_directory_that_users_cannot_reach_is_refused(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)
    with pytest.raises(SupervisorError, match="can every user reach"):
        await ScriptExecutor(Sandbox(mode="group", directory=str(tmp_path / "scripts"))).__aenter__()


async def test_directories_of_dead_supervisors_are_swept(executor: ScriptExecutor) -> None:
    _, log = await ran(executor, "pwd")
    root = Path(log.strip()).parents[2]
    left = root / "1-dead"
    os.makedirs(left / "7" / "work" / "deep")
    os.chmod(left / "7" / "work" / "deep", 0o000)
    async with ScriptExecutor():
        await until(lambda: not left.exists())
    assert Path(log.strip()).parents[1].exists()
