"""A jump of PostgreSQL's clock is told from slow answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.scheduler import metrics
from foliot.scheduler.clock_watch import SMALLEST_JUMP, ClockWatch
from support.making import NOW


def counted(direction: str) -> float:
    return float(metrics.CLOCK_JUMPS.labels(direction)._value.get())


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("jump", "direction"), [(28_800, "forward"), (-28_800, "back"), (1.5, "forward"), (-2, "back")]
)
def test_a_jump_is_counted_and_logged_once(jump: float, direction: str, capsys: pytest.CaptureFixture[str]) -> None:
    watch, before = ClockWatch(), counted(direction)
    assert watch.note(at(0), 100.0, 100.01) == 0
    assert watch.note(at(3 + jump), 103.0, 103.01) == pytest.approx(jump, abs=0.02)
    assert watch.note(at(6 + jump), 106.0, 106.01) == 0
    assert counted(direction) - before == pytest.approx(abs(jump), abs=0.02)
    assert "clock_jumped" in capsys.readouterr().out


def test_less_than_a_second_is_no_jump() -> None:
    watch = ClockWatch()
    watch.note(at(0), 100.0, 100.0)
    assert watch.note(at(3 + SMALLEST_JUMP * 0.99), 103.0, 103.0) == 0


@given(
    waits=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 30), st.floats(0, 30)), max_size=20),
    slewed=st.floats(-0.0005, 0.0005),
)
def test_slow_answers_and_a_clock_that_is_slewed_are_none(
    waits: list[tuple[float, float, float]], slewed: float
) -> None:
    """PostgreSQL reads its clock at any time between the question and the answer."""
    watch, elapsed = ClockWatch(), 0.0
    for pause, asking, answering in waits:
        asked_at = elapsed + pause
        read_at = asked_at + asking
        elapsed = read_at + answering
        assert watch.note(at(read_at * (1 + slewed)), asked_at, elapsed) == 0
