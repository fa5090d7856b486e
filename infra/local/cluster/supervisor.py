"""The parent of all processes of a cluster: starts, reaps, restarts and stops them."""

import asyncio
import signal
from collections.abc import Callable, Sequence, Set
from pathlib import Path

from cluster.definition import Part
from cluster.errors import ClusterError
from cluster.keeper import Keeper
from cluster.logfile import rotate
from cluster.state import WAITS, Entry
from cluster.stopping import stop_in_reverse

ROTATION_INTERVAL = 5.0


class Supervisor:
    """Holds a cluster to its plan, which is asked for again at each SIGHUP, until SIGTERM."""

    def __init__(self, plan: Callable[[], Sequence[Part]], logs: Path, tell: Callable[[Entry | str], None]) -> None:
        self._plan = plan
        self._logs = logs
        self._tell = tell
        self.plans_followed = 0
        self._keepers: dict[str, Keeper] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed: list[Part] = []  # still to be replaced, in the order of the plan

    @property
    def entries(self) -> list[Entry]:
        return [keeper.entry for keeper in self._keepers.values()]

    async def run(self, signals: asyncio.Queue[signal.Signals]) -> None:
        async with asyncio.TaskGroup() as group:
            rotation = group.create_task(self._rotate_logs())
            await self._follow_plan(group)
            while await self._replace_until_signal(signals, group) == signal.SIGHUP:
                await self._follow_plan(group)
            await self._stop(set(self._keepers))
            rotation.cancel()

    async def _follow_plan(self, group: asyncio.TaskGroup) -> None:
        try:
            parts = {part.name: part for part in self._plan()}
        except ClusterError as error:
            self._tell(f"cannot follow the plan: {error}")
            return
        obsolete = self._keepers.keys() - parts.keys()
        await self._stop(obsolete)
        for name in obsolete:
            del self._keepers[name]
        for keeper in self._keepers.values():
            keeper.entry.obsolete = keeper.part != parts[keeper.part.name]
            keeper.hurry()  # the cause of its failures may be fixed
        self._changed = [parts[keeper.part.name] for keeper in self._keepers.values() if keeper.entry.obsolete]
        for name, part in parts.items():
            if name not in self._keepers:
                self._start(part, group)
        self.plans_followed += 1
        self._tell("follows the plan")

    async def _replace_until_signal(
        self, signals: asyncio.Queue[signal.Signals], group: asyncio.TaskGroup
    ) -> signal.Signals:
        """Replaces what a plan has changed, each part when the one before it is ready, so that others of its kind
        serve. A signal ends that before the next part."""
        received = asyncio.create_task(signals.get())
        while self._changed and not received.done():
            part = self._changed.pop(0)
            await self._stop({part.name})
            ready = asyncio.create_task(self._start(part, group).was_ready.wait())
            await asyncio.wait({received, ready}, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        return await received

    def _start(self, part: Part, group: asyncio.TaskGroup) -> Keeper:
        self._keepers[part.name] = keeper = Keeper(part, self._logs / f"{part.name}.log", self._tell)
        self._tasks[part.name] = group.create_task(self._keep(keeper))
        return keeper

    async def _keep(self, keeper: Keeper) -> None:
        for name in keeper.part.needs:
            keeper.entry.phase = f"{WAITS} for {name}"
            await self._keepers[name].was_ready.wait()
        await keeper.keep()

    async def _stop(self, names: Set[str]) -> None:
        # First nothing is started any more, then what runs ends in its order.
        for name in names:
            self._tasks[name].cancel()
        await stop_in_reverse({name: self._keepers[name].part.needs for name in names}, self._stop_one)

    async def _stop_one(self, name: str) -> None:
        await asyncio.wait({self._tasks.pop(name)})
        await self._keepers[name].stop()

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATION_INTERVAL)
            for log in self._logs.glob("*.log"):
                try:
                    rotate(log)
                except OSError as error:
                    self._tell(f"{log} is not rotated: {error}")
