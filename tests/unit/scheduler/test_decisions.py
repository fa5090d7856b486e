"""Misfire, overlap and the end of a schedule, without I/O."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.common.model.ticks import OpenRuns
from foliot.scheduler.decisions import TICKS_PER_DECISION, decide, judge, plain_tick
from support.costs import lines_run
from support.making import NOW, a_due_job, seconds
from unit.scheduler.deciding import NOTHING, ONE_WAITS, UNFINISHED, plan, rows, timetable


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


@pytest.mark.parametrize("overlap_policy", ["skip", "queue_one", "allow", "cancel_running"])
@pytest.mark.parametrize("open_runs", [NOTHING, UNFINISHED])
def test_a_shadow_runs_nothing_whatever_the_policy(overlap_policy: str, open_runs: OpenRuns) -> None:
    made = plan(open_runs, shadow=True, overlap_policy=overlap_policy, max_runs=1)
    assert [(tick.status, tick.error_message) for tick in made.ticks] == [("SKIPPED", "shadow")]
    assert (made.advance.last_run_time, made.advance.runs, made.cancel_open) == (None, 0, False)
    assert (made.advance.next_run_time, made.advance.open_since) == (NOW + seconds(10), open_runs.since)


def test_a_shadow_is_never_plain() -> None:
    """The one statement of plain ticks makes runs."""
    job = a_due_job(shadow=True)
    assert not judge(job, timetable(job), NOW).plain


def test_late_ticks_of_a_shadow_are_judged_as_any_others_first() -> None:
    made = plan(shadow=True, misfire_policy="run_once", misfire_grace_seconds=5, next_run_time=NOW - seconds(30))
    assert [tick.error_message for tick in made.ticks] == ["misfire", "misfire", "shadow", "shadow"]
