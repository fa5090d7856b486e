"""`make down` and `make clean`: stop what was started, by pid, in the right order."""

import asyncio
import os
import signal
import time

from cluster import pids
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.locks import one_at_a_time, take
from cluster.state import Entry, State, read_state
from cluster.stopping import stop_in_reverse

INTERVAL = 0.1
PATIENCE = 150.0  # more than the servers' graces, which may follow one another


async def down(layout: Layout, *, remove: bool = False) -> None:
    if not layout.exists:
        print("nothing to stop: there is no cluster here")
        return
    try:
        with one_at_a_time(layout.command_lock):
            await _stop_supervisor(layout)
            if remove:
                others = layout.remove()
                kept = f", but kept what is not ours: {', '.join(others)}" if others else ""
                print(f"removed {layout.directory}{kept}")
    except FileNotFoundError:
        print("another command has stopped and removed it")


async def _stop_supervisor(layout: Layout) -> None:
    lock = take(layout.supervisor_lock)
    if lock is None:
        lock = await end_supervisor(layout)
    try:
        await stop_left_behind(layout)
    finally:
        os.close(lock)
    print("all is stopped", flush=True)


async def end_supervisor(layout: Layout) -> int:
    """Returns its lock, when it has let go of it."""
    state = read_state(layout.state)
    while state is None or not pids.alive(state.supervisor):  # it is about to write
        await asyncio.sleep(INTERVAL)
        if (lock := take(layout.supervisor_lock)) is not None:
            return lock
        state = read_state(layout.state)
    print(f"supervisor (pid {state.supervisor.pid}) stops its processes:", flush=True)
    # One that is being replaced ends first, then the others at once.
    patience = PATIENCE + 2 * max((entry.grace for entry in state.entries), default=0)
    ending = asyncio.create_task(pids.stop(state.supervisor, signal.SIGTERM, patience))
    shown: set[str] = set()
    while not ending.done():
        await asyncio.wait({ending}, timeout=INTERVAL)
        _show_progress(state, read_state(layout.state) or state, shown)
    if (lock := take(layout.supervisor_lock)) is None:
        raise ClusterError("another supervisor has started since then: run the command again")
    return lock


def _show_progress(before: State, now: State, shown: set[str]) -> None:
    stopped = {entry.name for entry in now.entries if entry.phase == "stopped"}
    for entry in reversed(before.entries):
        if entry.process and entry.name in stopped - shown:
            shown.add(entry.name)
            print(f"  stopped {entry.name} (pid {entry.process.pid})", flush=True)


async def stop_left_behind(layout: Layout) -> None:
    """The processes of a supervisor that was killed. The caller holds its lock."""
    state = read_state(layout.state)
    left = {entry.name: entry for entry in state.entries if entry.alive} if state else {}
    if state is None or not left:
        return
    print("the last supervisor was killed and left processes behind:", flush=True)

    async def stop(name: str) -> None:
        entry = entries[name]
        if entry.process is not None and entry.alive:
            began = time.monotonic()
            await pids.stop(entry.process, signal.Signals(entry.stop_signal), entry.grace)
            took = time.monotonic() - began
            print(f"  stopped {name} (pid {entry.process.pid}) in {took:.1f} s", flush=True)

    entries: dict[str, Entry] = {entry.name: entry for entry in state.entries}
    await stop_in_reverse({name: entry.needs for name, entry in entries.items()}, stop)
