"""Expected ticks of a job over its definitions, and the outcome of those without a row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from foliot.api.queries.history import JobVersion, LastTick, TickRow
from foliot.api.views.expectations import Period, Unrecorded, expected_ticks, periods_of
from foliot.api.views.outcomes import Snapshot, outcomes
from foliot.common.ledger.job import Job
from support.making import NOW, a_job, seconds

EVERY_10 = "*/10 * * * * *"


def a_version(number: int, begin: float, end: float | None = None, **fields: Any) -> JobVersion:
    """In force from `begin` to `end`, in seconds after noon."""
    values: dict[str, Any] = {
        "version": number, "status": "PENDING", "valid_from": NOW + seconds(begin),
        "valid_to": None if end is None else NOW + seconds(end), "previous_status": None, "schedule": EVERY_10,
        "timezone": "UTC", "dst_gap": "shift", "dst_overlap": "first", "start_at": None, "end_at": None,
        "schedule_since": NOW + seconds(begin),
    }  # fmt: skip
    return JobVersion(**values | fields)


def born(**fields: Any) -> Job:
    """Created 20 s after noon."""
    return a_job(**{"schedule": EVERY_10, "created_at": NOW + seconds(20), "next_run_time": NOW + seconds(30)} | fields)


def ticks(periods: list[Period], last: float = 60) -> list[tuple[float, str]]:
    """(seconds after noon, status of the period) up to `last`."""
    found = expected_ticks(periods, NOW, NOW + seconds(last), 1_000)
    return [((tick - NOW).total_seconds(), period.status) for tick, period in found]


def shown(job: Job, *rows: TickRow, last: float = 60, floor: datetime | None = None) -> list[tuple[float, str]]:
    periods = periods_of(job, [a_version(1, 20)])
    snapshot = Snapshot(job=job, periods=periods, rows=rows, row_before=None, floor=floor)
    found = outcomes(snapshot, list(expected_ticks(periods, NOW, NOW + seconds(last), 1_000)))
    return [((one.scheduled_time - NOW).total_seconds(), one.outcome) for one in found]


def a_row(at: float, status: str = "COMPLETED", until: float | None = None) -> TickRow:
    return TickRow(
        scheduled_time=NOW + seconds(at), attempts=1, status=status, execution_id=1, error_message=None, job_version=1,
        lateness=seconds(0.5), skipped_until=None if until is None else NOW + seconds(until),
    )  # fmt: skip


class TestPeriods:
    def test_a_tick_belongs_to_the_definition_before_it(self) -> None:
        versions = [a_version(1, 20, 40), a_version(2, 40, schedule="*/5 * * * * *")]
        assert ticks(periods_of(born(), versions)) == [
            (0, "NOT_CREATED"), (10, "NOT_CREATED"), (20, "NOT_CREATED"), (30, "PENDING"), (40, "PENDING"),
            (45, "PENDING"), (50, "PENDING"), (55, "PENDING"), (60, "PENDING"),
        ]  # fmt: skip

    def test_later_versions_alone_say_nothing_of_the_time_before_the_job(self) -> None:
        assert ticks(periods_of(born(), [a_version(2, 40)])) == [(50, "PENDING"), (60, "PENDING")]

    def test_a_cancelled_job_expects_nothing_and_a_paused_one_is_told_as_such(self) -> None:
        versions = [a_version(1, 20, 30), a_version(2, 30, 40, status="PAUSED"), a_version(3, 40, status="CANCELLED")]
        assert ticks(periods_of(born(), versions))[3:] == [(30, "PENDING"), (40, "PAUSED")]

    def test_a_single_tick_is_expected_once_even_if_it_lies_before_its_definition(self) -> None:
        versions = [a_version(1, 20, schedule=(NOW + seconds(15)).isoformat())]
        assert ticks(periods_of(born(), versions)) == [(15, "PENDING")]
        assert ticks(periods_of(born(), [a_version(1, 20, schedule="immediate")])) == [(20, "PENDING")]

    def test_a_job_inserted_by_hand_has_been_as_it_is(self) -> None:
        assert [what for _, what in ticks(periods_of(born(), []))] == ["NOT_CREATED"] * 3 + ["PENDING"] * 4

    def test_a_schedule_that_ran_out_is_known_by_the_status_before_the_next_edit(self) -> None:
        versions = [a_version(1, 20, 40), a_version(2, 40, previous_status="COMPLETED")]
        assert [p.ran_out for p in periods_of(born(), versions)] == [False, True, False]
        assert [p.ran_out for p in periods_of(born(next_run_time=None), versions)] == [False, True, True]
        paused = born(next_run_time=None, status="PAUSED")
        assert [p.ran_out for p in periods_of(paused, versions)] == [False, True, False]

    def test_a_zone_that_is_gone_expects_nothing(self) -> None:
        assert ticks(periods_of(born(), [a_version(1, 20, timezone="Mars/Base")])) == []


class TestOutcomes:
    def test_each_tick_without_a_row_says_why(self) -> None:
        floor = NOW + seconds(35)
        assert shown(born(next_run_time=NOW + seconds(50)), last=60, floor=floor) == [
            (0, Unrecorded.NOT_CREATED), (10, Unrecorded.NOT_CREATED), (20, Unrecorded.NOT_CREATED),
            (30, Unrecorded.EXPIRED), (40, Unrecorded.MISSING), (50, Unrecorded.TO_COME), (60, Unrecorded.TO_COME),
        ]  # fmt: skip

    def test_a_row_stands_for_the_ticks_that_it_dropped(self) -> None:
        job = born(next_run_time=NOW + seconds(60))
        assert shown(job, a_row(30, "SKIPPED", until=40), a_row(50))[3:] == [
            (30, "SKIPPED"), (40, "SKIPPED"), (50, "COMPLETED"), (60, Unrecorded.TO_COME),
        ]  # fmt: skip

    def test_a_row_before_the_range_may_stand_for_ticks_in_it(self) -> None:
        job = born(next_run_time=NOW + seconds(60))
        periods = periods_of(job, [a_version(1, -100)])
        before = LastTick(NOW - seconds(50), 7, "misfire", NOW + seconds(40))
        snapshot = Snapshot(job=job, periods=periods, rows=[], row_before=before, floor=None)
        found = outcomes(snapshot, list(expected_ticks(periods, NOW + seconds(35), NOW + seconds(55), 9)))
        assert [(one.outcome, one.execution_id) for one in found] == [("SKIPPED", 7), (Unrecorded.MISSING, None)]

    def test_no_more_ticks_are_to_come_than_runs_are_left(self) -> None:
        job = born(next_run_time=NOW + seconds(30), max_runs=5, runs_planned=3)
        assert shown(job, last=90)[3:] == [(30, Unrecorded.TO_COME), (40, Unrecorded.TO_COME)]

    def test_the_tick_at_which_a_paused_job_stands_is_paused(self) -> None:
        job = born(next_run_time=None, paused_run_time=NOW + seconds(30))
        assert shown(job, last=30)[3:] == [(30, Unrecorded.PAUSED)]

    def test_a_row_that_no_definition_expects_is_told_as_such(self) -> None:
        job = born(next_run_time=NOW + seconds(60))
        periods = periods_of(job, [a_version(1, 20)])
        snapshot = Snapshot(job=job, periods=periods, rows=[a_row(33), a_row(40)], row_before=None, floor=None)
        found = outcomes(snapshot, [(NOW + seconds(40), periods[1])])
        assert [(one.expected, one.lateness_ms) for one in found] == [(False, 500), (True, 500)]
