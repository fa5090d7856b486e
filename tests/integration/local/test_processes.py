"""Processes and their pids."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from cluster import pids
from cluster.command import run
from cluster.definition import minimal_environment
from cluster.errors import ClusterError
from cluster.process import Process, spawn
from integration.local.stand_ins import piped_log

SERVERS_THAT_LOSE_THEIR_STARTER = """
import asyncio, os, signal, sys
from pathlib import Path
from cluster.ports import choose
from cluster.process import spawn
from cluster.rabbitmq import RabbitMQ
from cluster.server import Server
from cluster.servers import start_servers
from support.eventually import eventually

async def start_rabbitmq(directory):  # until it is the Erlang machine, which takes a fifth of its start
    ports = choose(("rabbitmq", "epmd", "distribution")).values()
    epmd, server = RabbitMQ(directory, *ports, "secret").definitions()
    await Server(epmd, directory.with_suffix(".log")).start()
    await server.prepare(directory.with_suffix(".log"))
    process = spawn(server.command, server.environment, directory.with_suffix(".log"), die_with_parent=True)
    process.go()

    async def is_the_erlang_machine():
        assert Path(f"/proc/{process.pid}/comm").read_text() == "beam.smp\\n"

    await eventually(is_the_erlang_machine, within=60)
    return process

async def main():
    directory = Path(sys.argv[1])
    rabbitmq = await start_rabbitmq(directory / "broker")
    async with start_servers(directory, replica=True, rabbitmq=False, fsync=False) as servers:
        print(rabbitmq.pid, *(server.pid for server in servers.all.values()), flush=True)
        sys.stdin.readline()
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def sleeper(log: Path) -> Process:
    return spawn(("sleep", "1000"), minimal_environment(), log)


async def test_stop_spares_another_process_with_the_same_pid(tmp_path: Path) -> None:
    process = sleeper(tmp_path / "log")
    process.go()
    earlier = pids.Identity(process.pid, process.identity.started - 1)
    await pids.stop(earlier, signal.SIGKILL, 0)
    assert process.status is None
    assert await process.stop(signal.SIGTERM, 5) == -signal.SIGTERM


async def test_stalled_process_is_stopped_gracefully(tmp_path: Path) -> None:
    process = sleeper(tmp_path / "log")
    process.go()
    process.send(signal.SIGSTOP)
    assert await process.stop(signal.SIGTERM, 5) == -signal.SIGTERM


async def test_command_does_not_run_when_its_starter_died_before_noting_it(tmp_path: Path) -> None:
    process = spawn(("touch", str(tmp_path / "ran")), minimal_environment(), tmp_path / "log")
    assert process._popen.stdin is not None
    process._popen.stdin.close()  # as the kernel does for a dead starter
    assert await process.exited() != 0
    assert not (tmp_path / "ran").exists()


async def test_failed_command_tells_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"sh failed \(exit status 4\)(.|\n)*no space"):
        await run(("sh", "-c", "echo no space; exit 4"), tmp_path / "log")


async def test_cancelled_command_is_gone() -> None:
    async with piped_log() as (log, output):
        task = asyncio.create_task(run(("sh", "-c", "echo $$; exec sleep 1000"), log))
        pid = int(await asyncio.wait_for(output.readline(), 10))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert pids.identify(pid) is None


async def test_servers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVERS_THAT_LOSE_THEIR_STARTER, str(tmp_path)),
        env=minimal_environment(
            PYTHONPATH=os.pathsep.join(path for path in sys.path if path.endswith(("/infra/local", "/tests")))
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    started = [int(pid) for pid in (await asyncio.wait_for(starter.stdout.readline(), 60)).split()]
    assert len(started) == 4
    descriptors = [os.pidfd_open(pid) for pid in started]
    starter.stdin.write(b"\n")
    async with asyncio.timeout(10):
        await asyncio.gather(*map(pids.exited, descriptors))
    assert await starter.wait() == -signal.SIGKILL
    for descriptor in descriptors:
        os.close(descriptor)
