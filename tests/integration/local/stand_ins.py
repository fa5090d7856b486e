"""Small processes in the place of servers and services, and a supervisor of them for a process of its own."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from cluster.definition import Definition, Part, Probe, minimal_environment
from cluster.layout import Layout
from cluster.locks import take
from cluster.pids import Identity
from cluster.state import Entry
from cluster.supervise import supervise

SLEEP = "exec sleep 1000"


async def serves() -> str:
    return ""


@contextlib.asynccontextmanager
async def piped_log() -> AsyncIterator[tuple[Path, asyncio.StreamReader]]:
    """A log whose lines can be waited for."""
    read, write = os.pipe()
    reader = asyncio.StreamReader()
    connect = asyncio.get_running_loop().connect_read_pipe
    transport, _ = await connect(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read))
    try:
        yield Path(f"/dev/fd/{write}"), reader
    finally:
        os.close(write)
        transport.close()


def stand_in(
    name: str,
    script: str = SLEEP,
    *,
    probe: Probe = serves,
    needs: tuple[str, ...] = (),
    grace: float = 5.0,
) -> Definition:
    return Definition(
        name=name,
        port=0,
        command=("sh", "-c", script),
        environment=minimal_environment(),
        probe=probe,
        needs=needs,
        grace=grace,
    )


class Changes:
    """Changes that a supervisor reports, to be waited for."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Identity | None]] = []
        self._news = asyncio.Event()

    def tell(self, change: Entry | str) -> None:
        if isinstance(change, Entry):
            self.told.append((change.name, change.phase, change.process))
        self._news.set()

    def phases(self, name: str) -> list[str]:
        return [phase for told, phase, _ in self.told if told == name]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def pid_of_ready(self, name: str, *, other_than: int = 0) -> int:
        """The pid of the newest ready process of that name."""

        def pids() -> list[int]:
            told = [one for one in self.told if one[:2] == (name, "ready")]
            return [process.pid for *_, process in told if process and process.pid != other_than]

        await self.until(lambda: bool(pids()))
        return pids()[-1]


def plan() -> list[Part]:
    return [stand_in("below"), stand_in("above", needs=("below",))]


if __name__ == "__main__":
    layout = Layout(Path(sys.argv[1]))
    assert take(layout.supervisor_lock) is not None
    asyncio.run(supervise(plan, layout.state, layout.logs))
