"""Windows: how much is handed out, and when it is counted anew."""

from __future__ import annotations

import pytest

from foliot.common.broker.topology import PriorityClass
from foliot.common.errors import RolledBack
from foliot.common.schedules.of_job import timetable_of
from foliot.scheduler.decisions import NO_FLOOR, Judged, judge, plain_tick
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.windows import SMALLEST_WINDOW, Windows
from support.clocks import ManualClock
from support.making import a_due_job

NORMAL = PriorityClass.NORMAL


def test_a_window_is_twice_the_slots_and_never_less_than_a_hundred() -> None:
    windows = Windows()
    assert windows.take("default", 0, 1_000) == SMALLEST_WINDOW
    windows.set_workers({"default": 300}, {"default": 2})
    assert windows.take("default", 0, 1_000) == 500
    assert windows.take("default", 0, 1) == 0


def test_classes_have_windows_of_their_own() -> None:
    windows = Windows()
    assert [windows.take("default", priority, 80) for priority in (0, 1, 4, 9)] == [80, 80, 20, 80]


def test_a_count_is_asked_for_when_half_is_taken_and_not_again_while_it_is_full() -> None:
    """Else a pool would hand out no more than a window between two counts, however quick its workers are."""
    asked: list[int] = []
    windows = Windows(lambda: asked.append(windows.room("default", NORMAL)))
    for _ in range(20):
        windows.take("default", 0, 10)
    assert asked == [40]
    windows.set_dispatched({("default", NORMAL): 30})
    for _ in range(20):
        windows.take("default", 0, 7)
    assert asked == [40, 49]


def test_a_count_that_finds_the_window_full_asks_for_none() -> None:
    asked: list[None] = []
    windows = Windows(lambda: asked.append(None))
    windows.set_dispatched({("default", NORMAL): SMALLEST_WINDOW})
    assert windows.take("default", 0, 10) == 0
    assert asked == []


async def test_what_a_failed_transaction_reserved_is_given_back() -> None:
    windows, tick = Windows(), plain_tick(a_judged_job())
    dispatcher = Dispatcher(None, windows, {"default"}, ManualClock())  # type: ignore[arg-type]
    with pytest.raises(RolledBack), dispatcher.reservation() as reserve:
        reserve([tick], tick.scheduled_time)
        assert (tick.dispatch, windows.room("default", NORMAL)) == (True, SMALLEST_WINDOW - 1)
        raise RolledBack("a deadlock")
    assert (tick.dispatch, windows.room("default", NORMAL)) == (False, SMALLEST_WINDOW)
    with dispatcher.reservation() as reserve:
        reserve([tick], tick.scheduled_time)
    assert (tick.dispatch, windows.room("default", NORMAL)) == (True, SMALLEST_WINDOW - 1)


def a_judged_job() -> Judged:
    job = a_due_job()
    return judge(job, timetable_of(job), job.next_run_time, NO_FLOOR)
