"""Ticks of a gap that met a run which is still unfinished follow the overlap policy; the others are caught up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.common.model.ticks import OpenRuns
from support.making import NOW, seconds
from unit.scheduler.deciding import ONE_WAITS, UNFINISHED, plan, rows


def test_ticks_of_a_gap_that_met_no_run_are_caught_up_behind_one_that_came_later() -> None:
    """Somebody asked for a run at the end of the gap."""
    made = plan(OpenRuns(since=NOW - seconds(5), begun=NOW - seconds(5)), next_run_time=NOW - seconds(20))
    assert rows(made) == [
        (NOW - seconds(20), "QUEUED", True),
        (NOW - seconds(10), "QUEUED", True),
        (NOW, "SKIPPED", False),
    ]


@pytest.mark.parametrize(
    ("policy", "open_runs", "expected"),
    [
        ("skip", UNFINISHED, ["overlap", "overlap", "overlap"]),
        ("queue_one", UNFINISHED, ["waits", "overlap", "overlap"]),
        ("queue_one", ONE_WAITS, ["overlap", "overlap", "overlap"]),
        ("cancel_running", UNFINISHED, ["overlap", "overlap", "waits"]),
        ("allow", UNFINISHED, ["runs", "runs", "runs"]),
    ],
)
def test_ticks_of_a_failover_follow_the_overlap_policy(policy: str, open_runs: OpenRuns, expected: list[str]) -> None:
    """The run was under way before the leader died, and still is when its successor plans."""
    made = plan(open_runs, overlap_policy=policy, next_run_time=NOW - seconds(20))
    fates = ["runs" if t.available_at else t.error_message or "waits" for t in made.ticks]
    assert fates == expected
    assert made.cancel_open is (policy == "cancel_running")


def test_a_thousand_ticks_that_overlap_get_one_row() -> None:
    made = plan(UNFINISHED, misfire_grace_seconds=9_000, next_run_time=NOW - seconds(4_990))
    (row,) = made.ticks
    assert (row.error_message, row.skipped_count, row.skipped_until) == ("overlap", 500, NOW)


def test_max_runs_counts_the_runs_of_a_gap_and_not_what_overlapped() -> None:
    met = plan(UNFINISHED, max_runs=5, runs_planned=4, next_run_time=NOW - seconds(20))
    assert [t.error_message for t in met.ticks] == ["overlap"] * 3
    assert met.advance.next_run_time == NOW + seconds(10)
    late = OpenRuns(since=NOW - seconds(5), begun=NOW - seconds(5))
    free = plan(late, max_runs=5, runs_planned=4, next_run_time=NOW - seconds(20), overlap_policy="cancel_running")
    assert rows(free) == [(NOW - seconds(20), "QUEUED", True)]
    assert not free.cancel_open, "the tick that would have cancelled is not expected any more"
    assert free.advance.next_run_time is None


@given(
    ticks=st.integers(2, 40),
    policy=st.sampled_from(["skip", "queue_one", "allow"]),
    open_runs=st.sampled_from([UNFINISHED, ONE_WAITS]),
)
def test_a_gap_during_one_long_run_leaves_what_planning_in_time_would_have_left(
    ticks: int, policy: str, open_runs: OpenRuns
) -> None:
    fields: dict[str, Any] = {"overlap_policy": policy, "misfire_grace_seconds": 3_600}
    first = NOW - seconds(10 * (ticks - 1))
    in_time, seen = [], open_runs
    for n in range(ticks):
        made = plan(seen, next_run_time=first + seconds(10 * n), now=first + seconds(10 * n), **fields)
        in_time += rows(made)
        seen = msgspec.structs.replace(seen, waits=seen.waits or any(waits for _, _, waits in rows(made)))
    assert rows(plan(open_runs, next_run_time=first, **fields)) == in_time


@given(
    ticks=st.integers(1, 40), begun=st.integers(-2, 40), policy=st.sampled_from(["skip", "queue_one", "cancel_running"])
)
def test_only_ticks_that_met_the_open_run_are_judged_by_overlap(ticks: int, begun: int, policy: str) -> None:
    first = NOW - seconds(10 * ticks)
    there = first + seconds(10 * begun)
    made = plan(
        OpenRuns(since=there, begun=there), next_run_time=first, overlap_policy=policy, misfire_grace_seconds=3_600
    )
    assert len(made.ticks) == ticks + 1
    for tick in made.ticks:
        assert tick.status == "QUEUED" or tick.scheduled_time >= there
        assert tick.scheduled_time >= there or tick.available_at is None
    met = [tick for tick in made.ticks if tick.scheduled_time >= there]
    free = len(made.ticks) - len(met)
    runs = sum(tick.status == "QUEUED" for tick in met)
    assert runs == {"skip": 0, "queue_one": int(free == 0 and bool(met)), "cancel_running": int(bool(met))}[policy]
    assert made.cancel_open is (policy == "cancel_running" and bool(met))
