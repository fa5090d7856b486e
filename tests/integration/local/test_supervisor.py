"""The supervisor and its processes, seen on small ones."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from cluster import keeper
from cluster.definition import Part, Step
from cluster.errors import ClusterError, NotReady
from cluster.pids import identify
from cluster.probes import ask
from cluster.state import Entry
from cluster.supervisor import Supervisor
from integration.local.stand_ins import Changes, stand_in


class Running:
    """A supervisor in a task; what it is asked and what it tells."""

    def __init__(self, parts: Sequence[Part], logs: Path) -> None:
        self.parts = parts
        self.changes = Changes()
        self.signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
        self.supervisor = Supervisor(lambda: self.parts, logs, self.changes.tell)

    async def follow(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        followed = self.supervisor.plans_followed
        self.signals.put_nowait(signal.SIGHUP)
        await self.changes.until(lambda: self.supervisor.plans_followed > followed)


@contextlib.asynccontextmanager
async def supervising(parts: Sequence[Part], logs: Path) -> AsyncIterator[Running]:
    running = Running(parts, logs)
    task = asyncio.create_task(running.supervisor.run(running.signals))
    try:
        yield running
    finally:
        running.signals.put_nowait(signal.SIGTERM)
        await asyncio.wait_for(task, 20)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(keeper, "LONGEST_DELAY", 0.04)


async def test_dead_process_is_started_again(tmp_path: Path) -> None:
    async with supervising([stand_in("one")], tmp_path) as running:
        first = await running.changes.pid_of_ready("one")
        os.kill(first, signal.SIGKILL)
        second = await running.changes.pid_of_ready("one", other_than=first)
        assert identify(second) is not None
        assert identify(first) is None, "it is reaped"
        assert "died of signal 9, again in 0.5 s" in running.changes.phases("one")


@pytest.mark.usefixtures("impatient")
async def test_delay_doubles_up_to_its_limit(tmp_path: Path) -> None:
    async with supervising([stand_in("one", "exit 3")], tmp_path) as running:
        changes = running.changes
        await changes.until(lambda: sum("again" in phase for phase in changes.phases("one")) >= 4)
        again = [phase for phase in changes.phases("one") if "again" in phase]
        assert again[:4] == [f"ended with status 3, again in {delay} s" for delay in (0.01, 0.02, 0.04, 0.04)]


@pytest.mark.usefixtures("impatient")
async def test_a_process_that_fails_for_days_is_still_started_again(tmp_path: Path) -> None:
    async with supervising([stand_in("one", "exit 3")], tmp_path) as running:
        await running.changes.until(lambda: len(running.changes.phases("one")) > 4)
        running.supervisor.entries[0].failures = 5_000
        before = len(running.changes.told)
        await running.changes.until(lambda: len(running.changes.told) > before + 4)
        assert "ended with status 3, again in 0.04 s" in [phase for _, phase, _ in running.changes.told[before:]]


async def test_a_part_is_stopped_in_the_moment_in_which_it_is_hurried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FIRST_DELAY", 1000)
    monkeypatch.setattr(keeper, "LONGEST_DELAY", 1000)
    async with supervising([stand_in("one", "exit 3")], tmp_path) as running:
        await running.changes.until(lambda: "ended with status 3, again in 1000 s" in running.changes.phases("one"))
        await running.follow([stand_in("one")])
        await running.changes.until(lambda: running.supervisor.entries[0].as_planned)


@pytest.mark.parametrize("steps", range(5))
async def test_a_question_that_is_cancelled_in_the_moment_of_its_answer_ends(steps: int) -> None:
    """Its keeper could not be stopped otherwise."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answers() -> str:
        return await answer

    asking = asyncio.create_task(ask(answers))
    for _ in range(3):
        await asyncio.sleep(0)
    answer.set_result("")
    for _ in range(steps):
        await asyncio.sleep(0)
    if asking.cancel():
        with pytest.raises(asyncio.CancelledError):
            await asking


def test_delays_are_those_of_the_contract() -> None:
    assert (keeper.FIRST_DELAY, keeper.LONGEST_DELAY) == (0.5, 10.0)


async def test_delay_is_cut_short_when_the_plan_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FIRST_DELAY", 1000)
    monkeypatch.setattr(keeper, "LONGEST_DELAY", 1000)
    fixed = tmp_path / "fixed"
    once_fixed = f"test -e '{fixed}' && exec sleep 1000"
    async with supervising([stand_in("one", once_fixed)], tmp_path) as running:
        await running.changes.until(lambda: "ended with status 1, again in 1000 s" in running.changes.phases("one"))
        fixed.touch()
        await running.follow(running.parts)
        await running.changes.until(lambda: running.changes.phases("one")[-1] == "ready")


async def test_stops_in_reverse(tmp_path: Path) -> None:
    parts = [stand_in("base"), stand_in("middle", needs=("base",)), stand_in("top", needs=("middle", "base"))]
    async with supervising(parts, tmp_path) as running:
        await running.changes.pid_of_ready("top")
    told = [(name, phase) for name, phase, _ in running.changes.told if phase in ("stops", "stopped")]
    assert told == [(name, phase) for name in ("top", "middle", "base") for phase in ("stops", "stopped")]
    assert not any(process and identify(process.pid) for *_, process in running.changes.told)


async def test_process_that_will_not_end_is_made_to(tmp_path: Path) -> None:
    async def is_deaf() -> str:
        if "deaf" not in (tmp_path / "deaf.log").read_text():
            raise NotReady("still hears")
        return ""

    deaf = "trap '' TERM; echo deaf; exec sleep 1000"
    async with supervising([stand_in("deaf", deaf, probe=is_deaf, grace=0.05)], tmp_path) as running:
        pid = await running.changes.pid_of_ready("deaf")
    assert identify(pid) is None


async def test_new_plan_touches_only_what_differs(tmp_path: Path) -> None:
    async with supervising([stand_in("kept"), stand_in("dropped"), stand_in("changed")], tmp_path) as running:
        kept, dropped, changed = [await running.changes.pid_of_ready(name) for name in ("kept", "dropped", "changed")]
        await running.follow([stand_in("kept"), stand_in("changed", "exec sleep 2000"), stand_in("added")])
        await running.changes.pid_of_ready("added")
        await running.changes.pid_of_ready("changed", other_than=changed)
        assert identify(kept) is not None
        assert identify(dropped) is None
        assert [entry.name for entry in running.supervisor.entries] == ["kept", "changed", "added"]


async def test_changed_parts_are_replaced_one_after_another(tmp_path: Path) -> None:
    """Each when the one before it is ready, so that one of a kind always serves."""
    names = ["one", "two", "three"]
    async with supervising([stand_in(name) for name in names], tmp_path) as running:
        for name in names:
            await running.changes.pid_of_ready(name)
        before = len(running.changes.told)
        await running.follow([stand_in(name, "exec sleep 2000") for name in names])
        await running.changes.until(lambda: all(entry.as_planned for entry in running.supervisor.entries))
        told = [(name, phase) for name, phase, _ in running.changes.told[before:]]
        assert [(n, p) for n, p in told if p in ("stopped", "ready")] == [
            (name, phase) for name in names for phase in ("stopped", "ready")
        ]
        assert [entry.name for entry in running.supervisor.entries] == names


async def never() -> str:
    raise NotReady("not yet")


@pytest.mark.usefixtures("impatient")
async def test_a_replacement_that_fails_leaves_the_others_until_a_plan_that_works(tmp_path: Path) -> None:
    good = [stand_in("one"), stand_in("two")]
    async with supervising(good, tmp_path) as running:
        one, two = [await running.changes.pid_of_ready(name) for name in ("one", "two")]
        await running.follow([stand_in(name, "exit 1", probe=never) for name in ("one", "two")])
        await running.changes.until(lambda: running.supervisor.entries[0].failures >= 3)
        assert identify(two) is not None, "it goes on"
        assert running.supervisor.entries[1].obsolete, "and is not taken for what was asked for"
        await running.follow(good)
        await running.changes.pid_of_ready("one", other_than=one)
        assert identify(two) is not None
        assert all(entry.as_planned for entry in running.supervisor.entries)


async def test_the_end_does_not_wait_for_replacements(tmp_path: Path) -> None:
    names = ["one", "two"]
    async with supervising([stand_in(name) for name in names], tmp_path) as running:
        two = await running.changes.pid_of_ready("two")
        await running.follow([stand_in(name, "exec sleep 2000", probe=never) for name in names])
        await running.changes.until(lambda: "starts: not yet" in running.changes.phases("one"))
        assert identify(two) is not None
    assert identify(two) is None


async def test_plan_that_cannot_be_made_changes_nothing(tmp_path: Path) -> None:
    async with supervising([stand_in("one")], tmp_path) as running:
        pid = await running.changes.pid_of_ready("one")
        running.supervisor._plan = _no_plan
        running.signals.put_nowait(signal.SIGHUP)
        os.kill(pid, signal.SIGKILL)
        await running.changes.pid_of_ready("one", other_than=pid)


def _no_plan() -> list[Part]:
    raise ClusterError("java is gone")


@pytest.mark.usefixtures("impatient")
async def test_step_is_tried_until_it_is_done_and_what_needs_it_waits(tmp_path: Path) -> None:
    tries: list[int] = []

    async def migrate(_log: Path) -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise ClusterError("the schema is locked", "more of it")

    step = Step(name="migrate", prepare=migrate)
    async with supervising([step, stand_in("service", needs=("migrate",))], tmp_path) as running:
        await running.changes.pid_of_ready("service")
        names = [name for name, *_ in running.changes.told]
        assert names.index("service") > max(index for index, name in enumerate(names) if name == "migrate")
        assert tries == [0, 1, 2]
        assert "the schema is locked, again in 0.02 s" in running.changes.phases("migrate")
        assert "more of it" in (tmp_path / "migrate.log").read_text()


@pytest.mark.usefixtures("impatient")
async def test_part_that_fails_in_an_unforeseen_way_does_not_take_others_along(tmp_path: Path) -> None:
    async def fail(_log: Path) -> None:
        raise ZeroDivisionError("oops")

    async with supervising([Step(name="broken", prepare=fail), stand_in("one")], tmp_path) as running:
        await running.changes.pid_of_ready("one")
        await running.changes.until(lambda: len(running.changes.phases("broken")) > 3)
        assert "ZeroDivisionError: oops, again in 0.01 s" in running.changes.phases("broken")
        assert "Traceback" in (tmp_path / "broken.log").read_text()


async def test_pid_is_noted_before_the_command_runs(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    ran_when_noted: list[bool] = []
    async with supervising([], tmp_path) as running:
        tell = running.changes.tell

        def note(change: Entry | str) -> None:
            if isinstance(change, Entry) and change.phase == "starts":
                ran_when_noted.append(ran.exists())
            tell(change)

        running.supervisor._tell = note
        await running.follow([stand_in("one", f"touch '{ran}'; exec sleep 1000")])
        await running.changes.pid_of_ready("one")
    assert ran_when_noted == [False]
