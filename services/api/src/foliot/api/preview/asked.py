"""What a schedule would do, told before a job is saved: the planner's own fire times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from foliot.api.jobs.definition import check_schedule, check_window, convert_fields, first_tick
from foliot.api.preview.describe import describe
from foliot.api.preview.fire_times import FireTime, preview
from foliot.common.errors import Invalid
from foliot.common.schedules.kinds import Immediate
from foliot.common.schedules.of_job import spread_key, timetable
from foliot.common.schedules.timetable import Timetable

MOST = 100


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a job that decide when it fires; `after` (now by default) is when it would be created."""

    schedule: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] = "UTC"
    dst_gap: Literal["shift", "skip"] = "shift"
    dst_overlap: Literal["first", "second", "both"] = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_runs: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    jitter_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0
    misfire_grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400 * 366)] = 60
    job_name: Annotated[str, msgspec.Meta(max_length=255)] = ""
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 5
    after: datetime | None = None


def decode(body: dict[str, Any]) -> PreviewRequest:
    """Raises Invalid with every wrong field."""
    values, errors = convert_fields(body, PreviewRequest, "")
    errors += check_window(values) + check_schedule(values)
    if errors:
        raise Invalid(errors)
    return PreviewRequest(**values)


def answer(asked: PreviewRequest, team_id: int | None, now: datetime) -> dict[str, Any]:
    """`fire_times` and `description`. Without `after`, what creating the job would refuse is refused (Invalid)."""
    created = asked.after or now
    times = timetable(asked, since=created, spread=spread_key(team_id, asked.job_name))
    if asked.after is None:
        first_tick(times, now, asked.misfire_grace_seconds)
    return {
        "fire_times": [_shown(fire) for fire in _fire_times(asked, times, created)],
        "description": describe(times.schedule, times.zone),
    }


def _fire_times(asked: PreviewRequest, times: Timetable, created: datetime) -> list[FireTime]:
    # `immediate` fires at its creation, not after it.
    after = created - timedelta(microseconds=1) if isinstance(times.schedule, Immediate) else created
    return preview(times, after, asked.count, jitter_seconds=asked.jitter_seconds, max_runs=asked.max_runs)


def _shown(fire: FireTime) -> dict[str, Any]:
    return {"utc": fire.utc, "local": fire.local, "marks": fire.marks}
