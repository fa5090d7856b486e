"""The planner, an edit and a preview spread `H` by the same key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from foliot.common.ledger.job import Job
from foliot.common.model.due import DueJob, ZonedJob
from foliot.common.schedules.of_job import spread_key, timetable, timetable_of

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TEAM, NAME = 7, "nightly report"
ROW: dict[str, Any] = {
    "team_id": TEAM, "job_name": NAME, "schedule": "H H * * *", "timezone": "Europe/Berlin", "schedule_since": NOON,
    "spread_key": spread_key(TEAM, NAME), "dst_gap": "shift", "dst_overlap": "first", "start_at": None, "end_at": None,
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """The fields of a job before it is saved."""

    schedule: str = ROW["schedule"]
    timezone: str = ROW["timezone"]
    dst_gap: str = "shift"
    dst_overlap: str = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None


def of_row(struct: type, **changes: Any) -> datetime | None:
    """The next tick of a stored job, read as `struct`."""
    others = dict.fromkeys(struct.__struct_fields__) | {"next_run_time": NOON}  # type: ignore[attr-defined]
    return timetable_of(struct(**(others | ROW | changes))).next_after(NOON)


def of_preview(team_id: int | None = TEAM, name: str = NAME) -> datetime | None:
    return timetable(Asked(), since=NOON, spread=spread_key(team_id, name)).next_after(NOON)


@pytest.mark.parametrize("struct", [DueJob, ZonedJob, Job], ids=lambda s: str(s.__name__))
def test_a_stored_job_fires_as_its_preview_said(struct: type) -> None:
    assert of_row(struct) == of_preview()


@pytest.mark.parametrize("struct", [DueJob, ZonedJob, Job], ids=lambda s: str(s.__name__))
def test_a_new_name_moves_no_tick(struct: type) -> None:
    assert of_row(struct, job_name="renamed") == of_preview()
    assert of_preview(name="renamed") != of_preview()


@pytest.mark.parametrize("struct", [DueJob, ZonedJob, Job], ids=lambda s: str(s.__name__))
def test_a_row_inserted_by_hand_is_spread_by_its_team_and_name(struct: type) -> None:
    assert of_row(struct, spread_key=None) == of_preview()
    assert of_row(struct, spread_key=None, team_id=None) == of_preview(team_id=None) != of_preview()


def test_a_job_without_a_schedule_runs_once() -> None:
    times = timetable_of(
        DueJob(**(dict.fromkeys(DueJob.__struct_fields__) | ROW | {"schedule": None, "next_run_time": NOON}))
    )
    assert times.next_after(NOON.replace(hour=11)) == NOON
    assert times.next_after(NOON) is None
