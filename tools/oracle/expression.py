"""A cron expression, and the values that match it one by one, after docs/schedules.md and crontab(5)."""

from datetime import date, timedelta

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class Expression:
    """Five fields, or six with seconds first. Anything wrong is an error of the test itself."""

    def __init__(self, text: str) -> None:
        fields = text.lower().split()
        second, minute, hour, self.day, self.month, self.weekday = ["0", *fields] if len(fields) == 5 else fields
        self.seconds = [value for value in range(60) if matches(second, value, 0, 59)]
        self.minutes = {value for value in range(60) if matches(minute, value, 0, 59)}
        self.hours = {value for value in range(24) if matches(hour, value, 0, 23)}
        self.fixed_time = not any(field.startswith("*") for field in (second, minute, hour))
        self._dates: dict[date, bool] = {}

    def on(self, day: date) -> bool:
        """True if the three date fields match a day."""
        if day not in self._dates:
            self._dates[day] = self._on(day)
        return self._dates[day]

    def ever(self) -> bool:
        """True if any date matches: 28 years hold each shape of a year."""
        return any(self.on(date(2001, 1, 1) + timedelta(days=n)) for n in range(28 * 366))

    def _on(self, day: date) -> bool:
        if not matches(self.month, day.month, 1, 12, MONTHS, 1):
            return False
        by_day = any(self._day_item(item, day) for item in self.day.split(","))
        by_weekday = any(self._weekday_item(item, day) for item in self.weekday.split(","))
        if self.day.startswith("*") or self.weekday.startswith("*"):
            return by_day and by_weekday
        return by_day or by_weekday

    def _day_item(self, item: str, day: date) -> bool:
        if item == "l":
            return (day + timedelta(days=1)).day == 1
        return matches(item, day.day, 1, 31)

    def _weekday_item(self, item: str, day: date) -> bool:
        weekday = (day.weekday() + 1) % 7
        if item.startswith("l"):
            return self._weekday_item(item[1:], day) and (day + timedelta(days=7)).month != day.month
        if "#" in item:
            name, nth = item.split("#")
            return self._weekday_item(name, day) and (day.day - 1) // 7 + 1 == int(nth)
        return any(matches(item, number, 0, 7, WEEKDAYS, 0) for number in ([0, 7] if weekday == 0 else [weekday]))


def matches(field: str, value: int, low: int, high: int, names: list[str] | None = None, base: int = 0) -> bool:
    """True if a field (its items separated by commas) allows one value."""
    return any(_item_matches(item, value, low, high, names or [], base) for item in field.split(","))


def _item_matches(item: str, value: int, low: int, high: int, names: list[str], base: int) -> bool:
    def number(text: str) -> int:
        return names.index(text) + base if text in names else int(text)

    span, slash, step = item.partition("/")
    if span == "*":
        first, last = low, high
    elif "-" in span:
        first, last = (number(end) for end in span.split("-"))
    else:
        first = number(span)
        last = high if slash else first
    return first <= value <= last and (value - first) % int(step or 1) == 0
