"""Misfire, overlap and the end of a schedule, without I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.common.model.due import DueJob
from foliot.common.model.ticks import OpenRuns
from foliot.common.schedules.timetable import Timetable, from_fields
from foliot.scheduler.decisions import TICKS_PER_DECISION, Decision, decide, judge, plain_tick
from support.costs import lines_run
from support.making import NOW, a_due_job, seconds

NOTHING = OpenRuns()
UNFINISHED = OpenRuns(since=NOW - timedelta(hours=1))
ONE_WAITS = OpenRuns(since=NOW - timedelta(hours=1), waits=True)


def timetable(job: DueJob) -> Timetable:
    return from_fields(
        schedule=job.schedule,
        timezone=job.timezone,
        anchor=job.schedule_since,
        start_at=job.start_at,
        end_at=job.end_at,
    )


def plan(open_runs: OpenRuns = NOTHING, *, now: datetime = NOW, **fields: Any) -> Decision:
    job = a_due_job(**fields)
    return decide(judge(job, timetable(job), now), open_runs)


def rows(made: Decision) -> list[tuple[datetime, str, bool]]:
    """(scheduled_time, status, waits) of each row."""
    return [(t.scheduled_time, t.status, t.status == "QUEUED" and t.available_at is None) for t in made.ticks]


def test_one_due_tick_runs() -> None:
    made = plan()
    assert rows(made) == [(NOW, "QUEUED", False)]
    assert made.advance.next_run_time == NOW + seconds(10)
    assert (made.advance.last_run_time, made.advance.runs, made.advance.open_since) == (NOW, 1, NOW)


@pytest.mark.parametrize("overlap_policy", ["skip", "allow"])
@pytest.mark.parametrize("jitter_seconds", [0, 600])
@pytest.mark.parametrize("limits", [{}, {"max_runs": 1}, {"max_runs": 2}, {"max_runs": 9, "runs_planned": 8}])
@pytest.mark.parametrize("since", [None, seconds(-90), seconds(90)])
def test_a_plain_tick_is_what_the_policies_decide(
    overlap_policy: str, jitter_seconds: int, limits: dict[str, int], since: timedelta | None
) -> None:
    open_since = since and NOW + since
    job = a_due_job(overlap_policy=overlap_policy, jitter_seconds=jitter_seconds, open_since=open_since, **limits)
    judged = judge(job, timetable(job), NOW)
    assert judged.plain == (overlap_policy == "allow" or since is None)
    if judged.plain:
        plain, decided = plain_tick(judged), decide(judged, OpenRuns(open_since))
        (tick,), advance = decided.ticks, decided.advance
        assert (plain.scheduled_time, plain.available_at) == (tick.scheduled_time, tick.available_at)
        assert (plain.next_run_time, plain.open_since or plain.scheduled_time) == (
            advance.next_run_time,
            advance.open_since,
        )


def test_a_tick_that_is_not_the_next_run_time_is_not_plain() -> None:
    """The statement of plain ticks takes the tick from the job's row."""
    job = a_due_job(next_run_time=NOW - seconds(5))
    assert not judge(job, timetable(job), NOW + seconds(5), NOW).plain


@pytest.mark.parametrize(
    ("policy", "open_runs", "expected", "cancels"),
    [
        ("skip", UNFINISHED, [("SKIPPED", False)], False),
        ("allow", UNFINISHED, [("QUEUED", False)], False),
        ("queue_one", UNFINISHED, [("QUEUED", True)], False),
        ("queue_one", ONE_WAITS, [("SKIPPED", False)], False),
        ("cancel_running", UNFINISHED, [("QUEUED", True)], True),
        ("skip", NOTHING, [("QUEUED", False)], False),
    ],
)
def test_overlap(policy: str, open_runs: OpenRuns, expected: list[tuple[str, bool]], cancels: bool) -> None:
    made = plan(open_runs, overlap_policy=policy)
    assert [(status, waits) for _, status, waits in rows(made)] == expected
    assert made.cancel_open is cancels
    if expected[0][0] == "SKIPPED":
        assert made.ticks[0].error_message == "overlap"
        assert (made.advance.last_run_time, made.advance.runs) == (None, 0)
    if open_runs.since:
        assert made.advance.open_since == open_runs.since


@pytest.mark.parametrize(("policy", "runs"), [("skip", 7), ("run_once", 8), ("run_all", 17)])
def test_misfire_after_a_gap(policy: str, runs: int) -> None:
    """Due since 160 s, every 10 s: 10 ticks are later than the grace of 60 s, 7 are not."""
    made = plan(misfire_policy=policy, next_run_time=NOW - seconds(160))
    queued = [row for row in rows(made) if row[1] == "QUEUED"]
    skipped = [row for row in rows(made) if row[1] == "SKIPPED"]
    assert (len(queued), len(skipped)) == (runs, 17 - runs)
    assert {t.error_message for t in made.ticks if t.status == "SKIPPED"} <= {"misfire"}
    assert [waits for _, _, waits in queued] == [False] + [True] * (runs - 1)
    assert sorted(t for t, _, _ in rows(made)) == [NOW - seconds(160 - 10 * n) for n in range(17)]
    assert made.advance.next_run_time == NOW + seconds(10)


def test_run_all_is_capped_to_the_newest() -> None:
    made = plan(misfire_policy="run_all", misfire_limit=3, misfire_grace_seconds=0, next_run_time=NOW - seconds(90))
    queued = [t for t, status, _ in rows(made) if status == "QUEUED"]
    assert queued == [NOW - seconds(30), NOW - seconds(20), NOW - seconds(10), NOW]


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


def test_caught_up_ticks_run_at_once_when_allowed() -> None:
    made = plan(UNFINISHED, overlap_policy="allow", next_run_time=NOW - seconds(20))
    assert [waits for _, _, waits in rows(made)] == [False, False, False]


def test_many_dropped_ticks_get_one_row() -> None:
    made = plan(misfire_policy="skip", misfire_grace_seconds=0, next_run_time=NOW - seconds(5_000))
    (row,) = [t for t in made.ticks if t.status == "SKIPPED"]
    assert (row.skipped_count, row.scheduled_time, row.skipped_until) == (500, NOW - seconds(5_000), NOW - seconds(10))


YEAR = 365 * 86_400


@pytest.mark.parametrize("schedule", ["@every 1s", "* * * * * *"])
@pytest.mark.parametrize(("policy", "late_runs"), [("skip", 0), ("run_once", 1), ("run_all", 100)])
def test_a_year_of_missed_seconds_is_judged_once(schedule: str, policy: str, late_runs: int) -> None:
    """31,536,001 ticks are due: the 61 within the grace run, the newest late ones by policy, one row covers the rest."""
    long_ago = NOW - seconds(YEAR)
    overdue: dict[str, Any] = {"schedule": schedule, "schedule_since": long_ago, "next_run_time": long_ago}
    made = plan(misfire_policy=policy, **overdue)
    dropped, *runs = made.ticks
    assert [run.scheduled_time for run in runs] == [NOW - seconds(60 + late_runs - n) for n in range(61 + late_runs)]
    assert (dropped.status, dropped.scheduled_time) == ("SKIPPED", NOW - seconds(YEAR))
    assert (dropped.skipped_count, dropped.skipped_until) == (YEAR - 60 - late_runs, NOW - seconds(61 + late_runs))
    assert made.advance.next_run_time == NOW + seconds(1)
    assert lines_run(lambda: plan(misfire_policy=policy, **overdue)) < 50_000


@pytest.mark.parametrize("policy", ["run_once", "run_all"])
def test_a_few_late_ticks_before_very_many_in_time_are_judged_as_any_others(policy: str) -> None:
    """Of ten late ticks the latest, or all, run, also where more follow than one decision takes."""
    late, fresh = 10, TICKS_PER_DECISION + 3_000
    job = a_due_job(
        schedule="@every 1s", misfire_grace_seconds=fresh - 1, misfire_policy=policy, overlap_policy="skip",
        next_run_time=NOW - seconds(late + fresh - 1),
    )  # fmt: skip
    queued, skipped, open_runs = [], 0, NOTHING
    while job.next_run_time <= NOW:
        made = decide(judge(job, timetable(job), NOW), open_runs)
        queued += [t.scheduled_time for t in made.ticks if t.status == "QUEUED"]
        skipped += sum(t.skipped_count or 1 for t in made.ticks if t.status == "SKIPPED")
        assert len(made.ticks) <= TICKS_PER_DECISION
        assert made.advance.next_run_time is not None
        job = msgspec.structs.replace(job, next_run_time=made.advance.next_run_time)
        open_runs = OpenRuns(since=queued[0], waits=True, begun=NOW + timedelta(microseconds=1))
    kept = 1 if policy == "run_once" else late
    assert queued == [NOW - seconds(kept + fresh - 1 - n) for n in range(kept + fresh)]
    assert skipped == late - kept


def test_a_caught_up_run_that_is_older_than_what_is_open_is_the_oldest_open_run() -> None:
    """Else the older run would be overlooked: by the next tick, by the end of a run and by the job's end."""
    made = plan(OpenRuns(since=NOW - seconds(5), begun=NOW - seconds(5)), next_run_time=NOW - seconds(50))
    assert made.advance.open_since == NOW - seconds(50)


def test_max_runs_ends_the_schedule() -> None:
    made = plan(max_runs=5, runs_planned=4)
    assert (made.advance.runs, made.advance.next_run_time) == (1, None)
    gap = plan(max_runs=5, runs_planned=3, next_run_time=NOW - seconds(50))
    assert [t for t, status, _ in rows(gap) if status == "QUEUED"] == [NOW - seconds(50), NOW - seconds(40)]
    assert gap.advance.next_run_time is None


def test_a_skipped_tick_does_not_count_towards_max_runs() -> None:
    made = plan(UNFINISHED, max_runs=5, runs_planned=4)
    assert rows(made) == [(NOW, "SKIPPED", False)]
    assert (made.advance.runs, made.advance.next_run_time) == (0, NOW + seconds(10))


def test_no_tick_is_expected_once_max_runs_is_reached() -> None:
    made = plan(max_runs=5, runs_planned=5, next_run_time=NOW - seconds(500))
    assert (made.ticks, made.advance.next_run_time) == ([], None)


def test_end_at_ends_the_schedule() -> None:
    assert plan(end_at=NOW + seconds(5)).advance.next_run_time is None


def test_an_instant_runs_once_and_ends() -> None:
    made = plan(schedule="2026-11-20T12:00:00Z")
    assert (len(made.ticks), made.advance.next_run_time) == (1, None)


def test_a_late_instant_is_skipped_if_its_policy_says_so() -> None:
    late = NOW + timedelta(hours=1)
    made = plan(schedule="2026-11-20T12:00:00Z", misfire_policy="skip", now=late)
    assert rows(made) == [(NOW, "SKIPPED", False)]
    assert rows(plan(schedule="2026-11-20T12:00:00Z", now=late)) == [(NOW, "QUEUED", False)]


def test_jitter_delays_availability_and_not_the_tick() -> None:
    (tick,) = plan(jitter_seconds=30).ticks
    assert tick.scheduled_time == NOW
    assert tick.available_at is not None
    assert NOW <= tick.available_at <= NOW + seconds(30)
    assert plan(jitter_seconds=30).ticks == [tick]


@given(
    periods=st.integers(0, 300),
    grace=st.integers(0, 500),
    limit=st.integers(1, 50),
    misfire=st.sampled_from(["skip", "run_once", "run_all"]),
    overlap=st.sampled_from(["skip", "allow", "queue_one", "cancel_running"]),
    open_runs=st.sampled_from([NOTHING, UNFINISHED, ONE_WAITS]),
)
def test_every_due_tick_is_covered_exactly_once(
    periods: int, grace: int, limit: int, misfire: str, overlap: str, open_runs: OpenRuns
) -> None:
    late = periods * 10
    made = plan(
        open_runs, next_run_time=NOW - seconds(late), misfire_grace_seconds=grace, misfire_limit=limit,
        misfire_policy=misfire, overlap_policy=overlap,
    )  # fmt: skip
    expected = periods + 1
    assert sum(t.skipped_count or 1 for t in made.ticks) == expected
    assert len({t.scheduled_time for t in made.ticks}) == len(made.ticks)
    assert made.advance.next_run_time == NOW - seconds(late) + seconds(10 * expected)
