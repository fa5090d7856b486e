"""A local time of one day as instants, by the DST rules of a job."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from foliot.common.schedules.offsets import changes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instants_of(wall: datetime, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> tuple[datetime, ...]:
    """The instants at which the clock of `zone` shows `wall` (naive), oldest first.

    In a gap: its end for `shift`, none for `skip`. In an overlap: the first, the second or both.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        return (_end_of_gap(first, zone),) if dst_gap == "shift" else ()
    if first == second:
        return (first,)
    return {"first": (first,), "second": (second,)}.get(dst_overlap, (first, second))


def _end_of_gap(near: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks skip the time that `near` stands for: the last change that is not later."""
    second = (near - _EPOCH) // timedelta(seconds=1)
    at = max(change.at for change in changes(zone, near.year) if change.at <= second and change.after > change.before)
    return _EPOCH + timedelta(seconds=at)
