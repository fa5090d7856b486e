"""A supervisor that was killed, and what the next command does about its processes."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster import pids
from cluster.definition import minimal_environment
from cluster.down import down, stop_left_behind
from cluster.layout import Layout
from cluster.locks import take
from cluster.plan import Plan
from cluster.process import Process, spawn
from cluster.release import RELEASE, stop_other_release
from cluster.settings import SERVER_PORTS, settle_passwords, settle_ports
from cluster.state import State, read_state
from integration.local.stand_ins import piped_log

SCRIPT = Path(__file__).with_name("stand_ins.py")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "local")
    layout.create()
    return layout


@contextlib.asynccontextmanager
async def supervisor_process(layout: Layout) -> AsyncIterator[tuple[Process, State]]:
    """A supervisor of two stand-ins, both ready."""
    environment = minimal_environment(PYTHONPATH=os.pathsep.join(sys.path))
    command = (sys.executable, str(SCRIPT), str(layout.directory))
    async with piped_log() as (log, output):
        process = spawn(command, environment, log, die_with_parent=True)
        process.go()
        async with asyncio.timeout(20):
            while b"above ready" not in await output.readline():
                pass
        try:
            yield process, _state(layout)
        finally:
            await process.stop(signal.SIGKILL, 0)
            for entry in _state(layout).entries if layout.exists else ():
                if entry.process:
                    await pids.stop(entry.process, signal.SIGKILL, 0)


def _state(layout: Layout) -> State:
    state = read_state(layout.state)
    assert state is not None
    return state


async def test_processes_outlive_a_killed_supervisor_until_the_next_command(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    async with supervisor_process(layout) as (process, state):
        assert take(layout.supervisor_lock) is None
        process.send(signal.SIGKILL)
        await process.exited()
        assert all(entry.alive for entry in state.entries), "work goes on"
        lock = take(layout.supervisor_lock)
        assert lock is not None, "the processes do not hold it"
        os.close(lock)
        await stop_left_behind(layout)
        assert not any(entry.alive for entry in state.entries)
    output = capsys.readouterr().out
    assert output.index("stopped above") < output.index("stopped below")


async def test_down_waits_until_all_is_stopped(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    async with supervisor_process(layout) as (process, state):
        await down(layout)
        assert await process.exited() == 0
        assert not any(entry.alive for entry in state.entries)
    output = capsys.readouterr().out
    assert output.index("stopped above") < output.index("stopped below")
    assert output.endswith("all is stopped\n")


async def test_cluster_of_another_release_is_stopped_before_it_is_migrated(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the former release may run then (migration 13 could not live with it), and what needs the migration
    starts after it."""
    async with supervisor_process(layout) as (process, state):
        assert state.release == RELEASE
        lock = await stop_other_release(layout, State(state.supervisor, 1, state.entries, "0.0.9, schema 12"))
        assert await process.exited() == 0
        assert not any(entry.alive for entry in state.entries)
        assert take(layout.supervisor_lock) is None, "ours: nobody starts in between"
        os.close(lock)
    output = capsys.readouterr().out
    assert "0.0.9, schema 12; this is" in output
    assert output.index("stopped above") < output.index("stopped below")


def test_state_of_a_release_that_did_not_write_its_own_is_another_ones(layout: Layout) -> None:
    me = pids.identify(os.getpid())
    assert me is not None
    State(me, 1, [], RELEASE).write(layout.state)
    written = layout.state.read_bytes()
    layout.state.write_bytes(written.replace(b',"release":"' + RELEASE.encode() + b'"', b""))
    assert layout.state.read_bytes() != written
    assert _state(layout).release != RELEASE


def test_services_start_after_the_migration(layout: Layout) -> None:
    settle_ports(layout.ports, (*SERVER_PORTS, "scheduler-1", "scheduler-2", "worker-1", "worker-2"), ours=())
    settle_passwords(layout.passwords)
    services = Plan(layout).service_definitions()
    assert len(services) == 5
    assert all("migrate" in one.needs for one in services)


async def test_clean_removes_the_directory(layout: Layout) -> None:
    async with supervisor_process(layout):
        await down(layout, remove=True)
    assert not layout.directory.exists()


async def test_down_is_content_when_nothing_runs(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    await down(layout)
    await down(Layout(layout.directory / "elsewhere"))
    assert capsys.readouterr().out == "all is stopped\nnothing to stop: there is no cluster here\n"


async def test_stalled_supervisor_is_stopped_all_the_same(layout: Layout) -> None:
    async with supervisor_process(layout) as (process, state):
        process.send(signal.SIGSTOP)
        await down(layout)
        assert not any(entry.alive for entry in state.entries)
