"""The meaning of a description of a cron expression, read back from its words alone."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}


def _listed(item: str) -> str:
    return rf"{item}(?:, {item})*(?:,? and {item})?"


_TIME = r"\d\d:\d\d(?::\d\d)? [AP]M"
_NUMBERS = _listed(r"\d+(?: through \d+)?")
_WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"
_WEEKDAY_LIST = _listed(rf"(?:the (?:{'|'.join(_NTH)}) {_WEEKDAY} of the month|{_WEEKDAY}(?: through {_WEEKDAY})?)")
_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_DAY_LIST = rf"(?:days? (?P<days>{_NUMBERS}) of the month(?P<also_last> and the last day of the month)?|(?P<last>the last day of the month))"
_SPAN = rf"between {_TIME} and {_TIME}"
_HOURLY = rf"Every (?P<hour_step>\d+ hours|hour)(?: from (?P<first>{_TIME}) through (?P<final>{_TIME}))?"
_SECONDS = rf"(?:Every (?P<second_step>\d+ seconds|second)|At (?P<seconds>{_NUMBERS}) seconds? past the minute)"
_MINUTES = (
    rf"(?:[Ee]very (?P<minute_step>\d+ minutes|minute)|At (?P<minutes>{_NUMBERS}) minutes? past the hour"
    rf"|during minutes? (?P<during>{_NUMBERS}) of the hour)"
)
_HOURS = rf"(?:, (?:(?P<spans>{_listed(_SPAN)})|in the hours that begin at (?P<begins>{_listed(_TIME)})))?"
_CLOCK = rf"(?:At (?P<times>{_listed(_TIME)})|{_HOURLY}|(?:{_SECONDS}(?:, (?=during))?)?(?:{_MINUTES})?{_HOURS})"
_DAYS = (
    rf"(?:, only in (?P<months>{_listed(rf'{_MONTH}(?: through {_MONTH})?')}))?(?:, on {_DAY_LIST})?"
    rf"(?:, (?P<how>or on|only on|on) (?P<weekdays>{_WEEKDAY_LIST}"
    rf")|, (?:only )?(?P<range>{_WEEKDAY} through {_WEEKDAY}))?"
)
_DESCRIPTION = re.compile(_CLOCK + _DAYS)


class Meaning:
    """What the words say: `times` (seconds since midnight) and the days on which they apply."""

    def __init__(self, words: str) -> None:
        found = _DESCRIPTION.fullmatch(words)
        assert found, f"not a sentence of this language: {words}"
        self._found = found.groupdict()
        self.times = sorted(self._times())
        self._months = _months(self._found["months"]) or set(range(12))
        self._numbers = _numbers(self._found["days"])
        self._last = bool(self._found["last"] or self._found["also_last"])
        self._weekdays, self._nth = self._weekday_items()

    def on(self, day: date) -> bool:
        """True if the words allow the day."""
        if day.month - 1 not in self._months:
            return False
        ends = (day + timedelta(days=1)).day == 1
        by_day = day.day in self._numbers or (self._last and ends)
        nth = {(day.day + 6) // 7} | ({-1} if (day + timedelta(days=7)).month != day.month else set())
        by_weekday = day.weekday() in self._weekdays or any((day.weekday(), n) in self._nth for n in nth)
        days, weekdays = bool(self._numbers or self._last), bool(self._weekdays or self._nth)
        if days and weekdays:
            return by_day or by_weekday if self._found["how"] == "or on" else by_day and by_weekday
        return (by_day or not days) and (by_weekday or not weekdays)

    def _times(self) -> set[int]:
        found = self._found
        if found["times"]:
            return {_second(text) for text in re.findall(_TIME, found["times"])}
        if found["hour_step"]:
            first, final = _second(found["first"] or "12:00 AM"), _second(found["final"] or "11:59 PM")
            return set(range(first, final + 1, 3600 * _step(found["hour_step"])))
        seconds, minutes = self._within("second", 0), self._within("minute", 60)
        return {h * 3600 + m * 60 + s for h in self._hours() for m in minutes for s in seconds}

    def _within(self, unit: str, unsaid: int) -> set[int]:
        found = self._found
        if found[f"{unit}_step"]:
            return set(range(0, 60, _step(found[f"{unit}_step"])))
        numbers = found[f"{unit}s"] or (found["during"] if unit == "minute" else None)
        return _numbers(numbers) or (set(range(unsaid)) if unsaid else {0})

    def _hours(self) -> set[int]:
        ends = [_second(text) // 3600 for text in re.findall(_TIME, self._found["spans"] or "")]
        hours = {hour for n in range(0, len(ends), 2) for hour in range(ends[n], ends[n + 1] + 1)}
        hours |= {_second(text) // 3600 for text in re.findall(_TIME, self._found["begins"] or "")}
        return hours or set(range(24))

    def _weekday_items(self) -> tuple[set[int], set[tuple[int, int]]]:
        text = self._found["weekdays"] or self._found["range"] or ""
        nth = {(_WEEKDAYS.index(d), _NTH[n]) for n, d in re.findall(rf"the (\w+) ({_WEEKDAY}) of the month", text)}
        plain: set[int] = set()
        others = re.sub(r"the \w+ \w+ of the month", "", text)
        for first, last in re.findall(rf"({_WEEKDAY})(?: through ({_WEEKDAY}))?", others):
            begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
            plain |= {day % 7 for day in range(begin, end + (1 if begin <= end else 8))}
        return plain, nth


def _months(text: str | None) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(rf"({_MONTH})(?: through ({_MONTH}))?", text or ""):
        found |= set(range(_MONTHS.index(first), _MONTHS.index(last or first) + 1))
    return found


def _numbers(text: str | None) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: through (\d+))?", text or ""):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _step(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number) if unit else 1


def _second(time: str) -> int:
    clock, half = time.split()
    hour, minute, second = (int(part) for part in (clock + ":00").split(":")[:3])
    return (hour % 12 + 12 * (half == "PM")) * 3600 + minute * 60 + second
