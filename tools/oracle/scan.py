"""Fire times by looking at the clock on the wall, minute by minute."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from oracle.expression import Expression

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
Shown = dict[datetime, list[int]]
Lost = list[tuple[datetime, int]]


class Scan:
    """One expression in one zone under its DST rules."""

    def __init__(self, expression: str, zone: ZoneInfo, dst_gap: str, dst_overlap: str) -> None:
        self.expression = Expression(expression)
        self.zone = zone
        self.dst_gap = dst_gap
        self.dst_overlap = dst_overlap

    def ticks(self, after: datetime, until: datetime, count: int, *, every_minute: bool = False) -> list[datetime]:
        """The first `count` ticks in (after, until], in UTC.

        Looks at all minutes of the local days that match the date fields and of the days around each offset
        change, or at every minute there is.
        """
        found: set[datetime] = set()
        spans = [(after - 3 * DAY, until + 3 * DAY)] if every_minute else self._spans(after, until)
        for begin, end in spans:
            found.update(tick for tick in self._ticks_between(begin, end) if after < tick <= until)
            if len(found) >= count:
                break
        return sorted(found)[:count]

    def _spans(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """UTC spans of whole local days: each day that matches alone, those around a change together."""
        first = after.astimezone(self.zone).date() - 2 * DAY
        days = [first + n * DAY for n in range((until - after).days + 6)]
        wanted = [(day, self._changes_near(day)) for day in days]
        wanted = [(day, near) for day, near in wanted if near or self.expression.on(day)]
        for near, group in groupby(wanted, key=lambda pair: pair[1]):
            if near:
                together = [self._span(day) for day, _ in group]
                yield from _joined(together)
            else:
                yield from (self._span(day) for day, _ in group)

    def _offsets_around(self, day: date) -> tuple[timedelta, timedelta]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return self._offset(midnight - DAY), self._offset(midnight + 2 * DAY)

    def _offset(self, instant: datetime) -> timedelta:
        offset = instant.astimezone(self.zone).utcoffset()
        assert offset is not None
        return offset

    def _changes_near(self, day: date) -> bool:
        before, after = self._offsets_around(day)
        return before != after

    def _span(self, day: date) -> tuple[datetime, datetime]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        offsets = self._offsets_around(day)
        return midnight - max(offsets), midnight + DAY - min(offsets)

    def _ticks_between(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        shown, lost = self._look(int(begin.timestamp()) // 60, int(end.timestamp()) // 60)
        for passes in shown.values():
            for minute in self._counted(passes):
                for second in self.expression.seconds:
                    yield datetime.fromtimestamp(minute * 60 + second, UTC)
        if self.expression.fixed_time and self.dst_gap == "shift":
            for missing, end_of_gap in lost:
                if missing not in shown and self._matches(missing):
                    yield datetime.fromtimestamp(end_of_gap * 60, UTC)

    def _look(self, begin: int, end: int) -> tuple[Shown, Lost]:
        """Local clocks, read at each UTC minute (counted from 1970) from one to another.

        The local times that match with the minutes that show them; those left out with the minute after them.
        """
        shown: Shown = defaultdict(list)
        lost: Lost = []
        minutes, hours, on, zone = (
            self.expression.minutes,
            self.expression.hours,
            self.expression.on,
            self.zone,
        )
        previous = datetime.fromtimestamp(begin * 60, zone)
        for minute in range(begin, end):
            local = datetime.fromtimestamp(minute * 60, zone)
            if local.minute in minutes and local.hour in hours and on(local.date()):
                shown[local.replace(tzinfo=None)].append(minute)
            # Of two datetimes with the same zone object Python subtracts what the clocks show.
            if local - previous > MINUTE:
                wall = previous.replace(tzinfo=None)
                lost.extend((missing, minute) for missing in _minutes(wall + MINUTE, local.replace(tzinfo=None)))
            previous = local
        return shown, lost

    def _matches(self, wall: datetime) -> bool:
        expression = self.expression
        return wall.minute in expression.minutes and wall.hour in expression.hours and expression.on(wall.date())

    def _counted(self, passes: list[int]) -> list[int]:
        if not self.expression.fixed_time or self.dst_overlap == "both":
            return passes
        return passes[:1] if self.dst_overlap == "first" else passes[-1:]


def _minutes(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += MINUTE


def _joined(spans: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Spans in order, those that touch made one."""
    begin, end = spans[0]
    for next_begin, next_end in spans[1:]:
        if next_begin > end:
            yield begin, end
            begin = next_begin
        end = next_end
    yield begin, end
