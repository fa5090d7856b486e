"""The five kinds of schedule, parsed."""

from datetime import datetime, timedelta

import msgspec


class Cron(msgspec.Struct, frozen=True, gc=False):
    """A cron expression as the sets of values that its fields allow.

    `expression`: its six fields (five if it was given without seconds) in capitals, with macros and `H` resolved; it
    determines everything else. Tuples are sorted. Weekdays are 0 (Sunday) to 6. `nth_weekdays`: (weekday, n) for the
    nth one of the month, n = -1 for the last.
    """

    expression: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    last_day: bool
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    nth_weekdays: tuple[tuple[int, int], ...]
    either_day: bool
    """Day of month OR day of week suffices: neither field begins with `*` (Vixie's rule)."""
    fixed_time: bool
    """Neither seconds nor minutes nor hours begin with `*`: the DST rules apply."""

    def __hash__(self) -> int:
        return hash(self.expression)


class Every(msgspec.Struct, frozen=True):
    """A fixed interval of elapsed time."""

    interval: timedelta


class Instant(msgspec.Struct, frozen=True):
    """One run at `at`: aware, in UTC; or naive, a time on the wall clock of the job's zone."""

    at: datetime


class Immediate(msgspec.Struct, frozen=True):
    """One run as soon as the job exists."""


class Manual(msgspec.Struct, frozen=True):
    """No tick at all: every run is requested by a caller."""


Schedule = Cron | Every | Instant | Immediate | Manual
