"""Nobody plans: when schedulers stop being ready, and when they are again."""

from __future__ import annotations

import pytest

from foliot.scheduler.last_planned import LastPlanned
from support.clocks import ManualClock

SESSION = 6.0


def test_a_new_scheduler_waits_for_a_failover_before_it_complains() -> None:
    clock = ManualClock()
    last = LastPlanned(clock, SESSION)
    clock.advance(3 * SESSION)
    last.note(None)
    assert last.why_not_ready() is None
    clock.advance(0.1)
    assert last.why_not_ready() == "no scheduler has planned for 18 s"


def test_a_standby_beside_a_leader_that_plans_is_ready() -> None:
    clock = ManualClock()
    last = LastPlanned(clock, SESSION)
    for _ in range(100):
        clock.advance(3)
        last.note(2.9)
        assert last.why_not_ready() is None


def test_it_says_so_once_and_is_ready_as_soon_as_somebody_plans(capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    last = LastPlanned(clock, SESSION)
    said = []
    for _ in range(10):
        clock.advance(3)
        last.note(None)
        said.append(capsys.readouterr().out.count("nothing_planned"))
    assert sum(said) == 1
    assert last.why_not_ready()
    last.note(0.2)
    assert last.why_not_ready() is None
    assert last.idle == pytest.approx(0.2)


def test_an_older_plan_is_no_news() -> None:
    """A leader that stopped has removed its row; the others know of older plans only."""
    clock = ManualClock()
    last = LastPlanned(clock, SESSION)
    last.note(1.0)
    last.note(500.0)
    assert last.idle == pytest.approx(0.0)
