"""The answer to a preview: the next ticks of a schedule, and the schedule in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from foliot.api.jobs.next_tick import first_tick
from foliot.api.preview.description import describe
from foliot.api.preview.fire_times import FireTime, fire_times
from foliot.api.preview.request import PreviewRequest
from foliot.common.schedules.kinds import Immediate
from foliot.common.schedules.of_job import spread_key, timetable
from foliot.common.schedules.timetable import Timetable


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The next ticks of a schedule, and the schedule in words."""

    fire_times: list[FireTime]
    description: str


def preview(wanted: PreviewRequest, team_id: int | None, now: datetime) -> Preview:
    """Without `after`, a schedule that could not be created now is Invalid."""
    created = wanted.after or now
    times = timetable(wanted, since=created, spread=spread_key(team_id, wanted.job_name))
    if wanted.after is None:
        first_tick(times, now, wanted.misfire_grace_seconds)
    return Preview(fire_times=_fire_times(wanted, times, created), description=describe(times.schedule, times.zone))


def _fire_times(wanted: PreviewRequest, times: Timetable, created: datetime) -> list[FireTime]:
    # `immediate` fires at its creation, not after it.
    after = created - timedelta(microseconds=1) if isinstance(times.schedule, Immediate) else created
    return fire_times(times, after, wanted.count, jitter_seconds=wanted.jitter_seconds, max_runs=wanted.max_runs)
