"""The tick that a change decides: none in the past by surprise, none twice, and those that are dropped are said so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from foliot.api.jobs.next_tick import NextTick, after_edit, at_pause, due_tick, first_tick, rearms
from foliot.common.errors import Invalid
from foliot.common.ledger.job import Job
from foliot.common.ledger.resuming import after_resume
from foliot.common.schedules.of_job import timetable_of
from support.making import NOW, a_job, seconds

PAST = {"next_run_time": NOW - seconds(20)}
"""Ticks at -20, -10 and 0 s are due."""
ONCE = (NOW - seconds(20)).isoformat()


def first(schedule: str, grace: int = 60, **fields: Any) -> Any:
    return first_tick(timetable_of(a_job(schedule=schedule, schedule_since=NOW, **fields)), NOW, grace)


def edited(job: Job, **fields: Any) -> NextTick:
    """What an edit to `fields` decides now."""
    since = {"schedule_since": NOW} if "schedule" in fields else {}
    return after_edit(job, msgspec.structs.replace(job, **fields, **since), set(fields), NOW)


class TestFirst:
    def test_a_repeating_schedule_fires_after_now(self) -> None:
        assert first("@every 10s") == NOW + seconds(10)
        assert first("* * * * * *") == NOW + seconds(1)

    def test_immediate_fires_now_and_manual_never(self) -> None:
        assert first("immediate") == NOW
        assert first("manual") is None

    def test_an_instant_may_have_passed_by_the_grace_and_no_more(self) -> None:
        assert first(ONCE, grace=20) == NOW - seconds(20)
        with pytest.raises(Invalid, match="has passed"):
            first(ONCE, grace=19)

    def test_a_window_without_a_tick_is_refused(self) -> None:
        with pytest.raises(Invalid, match="no tick lies in"):
            first("@every 10s", end_at=NOW + seconds(9))


class TestDue:
    def test_a_tick_is_due_at_its_time(self) -> None:
        job = a_job()
        assert due_tick(job, timetable_of(job), NOW) == NOW
        assert due_tick(job, timetable_of(job), NOW - seconds(0.000001)) is None

    @pytest.mark.parametrize(("schedule", "due"), [(ONCE, NOW - seconds(20)), ("@every 10s", None)])
    def test_only_a_single_tick_waits_in_a_paused_job(self, schedule: str, due: object) -> None:
        job = a_job(schedule=schedule, status="PAUSED", next_run_time=None, paused_run_time=NOW - seconds(20))
        assert due_tick(job, timetable_of(job), NOW) == due


class TestEdit:
    def test_nothing_due_is_armed_strictly_after_now(self) -> None:
        job = a_job(next_run_time=NOW + seconds(10))
        assert edited(job, schedule="@every 7s") == NextTick(NOW + seconds(7))
        assert edited(job, start_at=NOW + seconds(60)) == NextTick(NOW + seconds(60))

    def test_due_ticks_of_another_schedule_are_dropped(self) -> None:
        assert edited(a_job(**PAST), schedule="@every 7s") == NextTick(NOW + seconds(7), drops_due=True)

    def test_due_ticks_that_are_due_all_the_same_stay_due(self) -> None:
        for same in ({"end_at": NOW}, {"timezone": "Asia/Tokyo"}, {"max_runs": 3}):
            assert edited(a_job(**PAST), **same) == NextTick(NOW - seconds(20)), same

    def test_due_ticks_of_which_one_would_be_lost_are_dropped(self) -> None:
        assert edited(a_job(**PAST), end_at=NOW - seconds(1)) == NextTick(None, drops_due=True)
        assert edited(a_job(**PAST), max_runs=2) == NextTick(NOW + seconds(10), drops_due=True)

    def test_another_schedule_drops_due_ticks_even_if_it_has_them_too(self) -> None:
        job = a_job(schedule="*/10 * * * * *", **PAST)
        assert edited(job, schedule="*/10 * * * * 0-6") == NextTick(NOW + seconds(10), drops_due=True)

    @pytest.mark.parametrize(("hours", "due", "now"), [("2,5", "00:30", "05:00"), ("1,2", "23:30", "02:00")])
    def test_due_ticks_of_which_one_is_moved_are_dropped(self, hours: str, due: str, now: str) -> None:
        """02:30 comes twice in this night, at 00:30 and 01:30 UTC: it is the first due tick, or the last."""
        day = 24 if due == "23:30" else 25
        at = datetime.fromisoformat(f"2026-10-25T{now}Z")
        job = a_job(
            schedule=f"30 {hours} * * *", timezone="Europe/Berlin",
            next_run_time=datetime.fromisoformat(f"2026-10-{day}T{due}Z"),
        )  # fmt: skip
        moved = msgspec.structs.replace(job, dst_overlap="second")
        assert after_edit(job, moved, {"dst_overlap"}, at).drops_due
        assert not after_edit(job, job, {"dst_overlap"}, at).drops_due

    def test_a_job_without_runs_left_has_no_tick(self) -> None:
        assert edited(a_job(runs_planned=5, **PAST), max_runs=5) == NextTick(None, drops_due=True)
        assert edited(a_job(runs_planned=5, next_run_time=NOW + seconds(10)), max_runs=5) == NextTick(None)

    def test_a_schedule_that_never_fires_is_refused_even_if_no_runs_are_left(self) -> None:
        with pytest.raises(Invalid):
            edited(a_job(max_runs=1, runs_planned=1), schedule="2020-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("status", "changed", "decided"),
        [
            ("PENDING", "timezone", True), ("PAUSED", "dst_gap", True), ("PENDING", "priority", False),
            ("COMPLETED", "timezone", False), ("COMPLETED", "schedule", True), ("FAILED", "max_runs", True),
        ],
    )  # fmt: skip
    def test_an_ended_job_is_armed_again_by_some_fields_only(self, status: str, changed: str, decided: bool) -> None:
        assert rearms(a_job(status=status), {changed}) is decided


class TestPauseAndResume:
    def test_due_ticks_are_dropped_at_a_pause(self) -> None:
        assert at_pause(a_job(**PAST), NOW) == NextTick(NOW + seconds(10), drops_due=True)
        assert at_pause(a_job(next_run_time=NOW + seconds(10)), NOW) == NextTick(NOW + seconds(10))

    def test_a_single_tick_waits_for_resume(self) -> None:
        assert at_pause(a_job(schedule=ONCE, **PAST), NOW) == NextTick(NOW - seconds(20))
        paused = a_job(schedule=ONCE, status="PAUSED", next_run_time=None, paused_run_time=NOW - seconds(20))
        assert after_resume(paused, NOW) == NOW - seconds(20)

    def test_resume_is_strictly_after_now(self) -> None:
        paused = a_job(status="PAUSED", next_run_time=None, paused_run_time=NOW - timedelta(hours=1))
        assert after_resume(paused, NOW) == NOW + seconds(10)

    def test_resume_without_runs_left_arms_nothing(self) -> None:
        assert after_resume(a_job(status="PAUSED", max_runs=2, runs_planned=2), NOW) is None
