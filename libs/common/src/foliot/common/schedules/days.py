"""The days of a month that a cron expression allows."""

from foliot.common.schedules.kinds import Cron

_DAYS_OF_MONTH = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def length_of(year: int, month: int) -> int:
    """Number of days of a month in the Gregorian calendar."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS_OF_MONTH[month]


def days_allowed(cron: Cron, length: int, first_weekday: int) -> int:
    """A set of bits: bit d is 1 if day d fits, in a month of `length` days that begins on `first_weekday` (0: Sunday).

    Day of month or day of week suffices if neither field begins with `*`; else both must fit (Vixie cron; crontab(5)).
    """
    allowed = 0
    for day in range(1, length + 1):
        weekday = (first_weekday + day - 1) % 7
        nth = (day + 6) // 7
        by_day = day in cron.days or (cron.last_day and day == length)
        by_weekday = (
            weekday in cron.weekdays
            or (weekday, nth) in cron.nth_weekdays
            or (day + 7 > length and (weekday, -1) in cron.nth_weekdays)
        )
        if (by_day or by_weekday) if cron.either_day else (by_day and by_weekday):
            allowed |= 1 << day
    return allowed


def some_day_exists(cron: Cron) -> bool:
    """False if no date ever fits, as for `0 0 31 2 *`."""
    return any(
        days_allowed(cron, length, first_weekday)
        for length in {length_of(year, month) for month in cron.months for year in (2023, 2024)}
        for first_weekday in range(7)
    )
