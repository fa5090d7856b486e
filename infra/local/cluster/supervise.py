"""The process around the supervisor: signals in, state and a log line out."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cluster.definition import Part
from cluster.pids import identify
from cluster.release import RELEASE
from cluster.state import Entry, State
from cluster.supervisor import Supervisor


async def supervise(plan: Callable[[], Sequence[Part]], state: Path, logs: Path) -> None:
    """Runs until SIGTERM. Its standard output is its log."""
    me = identify(os.getpid())
    assert me is not None

    def tell(change: Entry | str) -> None:
        line = f"supervisor {change}" if isinstance(change, str) else f"{change.name} {describe(change)}"
        try:
            State(me, supervisor.plans_followed, supervisor.entries, RELEASE).write(state)
            print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} {line}", flush=True)
        except OSError:
            pass  # a full disk stops neither the cluster nor its supervisor

    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, number)
    supervisor = Supervisor(plan, logs, tell)
    tell("starts")  # whoever reads the state from here on may send signals
    await supervisor.run(signals)
    tell("ends")


def describe(entry: Entry) -> str:
    return f"{entry.phase} (pid {entry.process.pid})" if entry.process else entry.phase
