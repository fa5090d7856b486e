"""One field of a cron expression: from its text to the set of values that it allows."""

import hashlib
import re
from collections.abc import Iterator

import msgspec

from foliot.common.schedules.errors import ScheduleError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FULL_MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip
_FULL_WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_HASHED = re.compile(r"H(?:\((\d{1,2})-(\d{1,2})\))?")


class Field(msgspec.Struct, frozen=True):
    """Name, bounds (inclusive) and names of values of one field. `example`: a whole expression that works."""

    name: str
    low: int
    high: int
    example: str
    names: tuple[str, ...] = ()
    full_names: tuple[str, ...] = ()
    """Names written out: refused, with the short one as the remedy."""
    hash_high: int = 0
    """Highest value of a bare `H`, low enough for every month; 0: `high`."""


SECOND = Field("second", 0, 59, "30 0 9 * * *")
MINUTE = Field("minute", 0, 59, "*/15 * * * *")
HOUR = Field("hour", 0, 23, "0 9-17 * * *")
DAY = Field("day of month", 1, 31, "0 9 1,L * *", hash_high=28)
MONTH = Field("month", 1, 12, "0 9 1 jan-mar *", MONTHS, _FULL_MONTHS)
WEEKDAY = Field("day of week", 0, 7, "0 9 * * mon-fri", WEEKDAYS, _FULL_WEEKDAYS, hash_high=6)


class Values(msgspec.Struct, frozen=True):
    """The values that one field allows. `text`: the field in capitals, with `H` resolved."""

    text: str
    plain: frozenset[int]
    last_day: bool = False
    nth_weekdays: frozenset[tuple[int, int]] = frozenset()


def parse_field(field: Field, text: str, column: int, spread: str) -> Values:
    """The values of a field. `text`: the field as written. `column`: its place in the expression, from 1.

    Raises ScheduleError.
    """
    plain: set[int] = set()
    nth: set[tuple[int, int]] = set()
    texts: list[str] = []
    last_day = False
    for item, at in _items(text.upper(), column):
        if field is DAY and item == "L":
            last_day = True
            texts.append(item)
        elif field is WEEKDAY and ("#" in item or item.startswith("L")):
            nth.add(_nth_weekday(item, at))
            texts.append(item)
        else:
            values, resolved = _plain_item(field, item, at, spread)
            plain.update(values)
            texts.append(resolved)
    return Values(",".join(texts), frozenset(plain), last_day, frozenset(nth))


def _items(text: str, column: int) -> Iterator[tuple[str, int]]:
    for item in text.split(","):
        yield item, column
        column += len(item) + 1


def _plain_item(field: Field, item: str, column: int, spread: str) -> tuple[range, str]:
    """(Values, resolved text) of `*`, a value, a range or `H`, each with or without a step."""
    base, slash, step_text = item.partition("/")
    step = _step(field, step_text, column + len(base) + 1) if slash else 1
    if base.startswith("H"):
        values = _hashed(field, base, step if slash else 0, column, spread)
        return values, _text_of(values, stepped=bool(slash))
    if base == "*":
        return range(field.low, field.high + 1, step), item
    if "~" in base:
        raise _random(field, base, column)
    low_text, dash, high_text = base.partition("-")
    low = _value(field, low_text, column)
    if dash:
        high = _value(field, high_text, column + len(low_text) + 1)
        if low > high:
            raise _backwards(field, base, low, high, column)
    else:
        high = field.high if slash else low
    return range(low, high + 1, step), item


def _value(field: Field, text: str, column: int) -> int:
    if text in field.names:
        return field.names.index(text) + (1 if field is MONTH else 0)
    if not text.isdigit():
        raise _unreadable(field, text, column)
    value = int(text)
    if not field.low <= value <= field.high:
        problem = f"{field.name} {value} is not between {field.low} and {field.high}"
        raise ScheduleError(problem, column=column, example=field.example)
    return value


def _step(field: Field, text: str, column: int) -> int:
    limit = 7 if field is WEEKDAY else field.high - field.low + 1
    step = int(text) if text.isdigit() else 0
    if not 1 <= step <= limit:
        problem = f"the step of the {field.name} field is {text!r}, it must be a number from 1 to {limit}"
        raise ScheduleError(problem, column=column, example=field.example)
    return step


def _hashed(field: Field, base: str, step: int, column: int, spread: str) -> range:
    """The values of `H`: one value of its range, chosen by a hash of `spread`. `H/n` starts within the first n values.

    `step`: 0 if there is none. The hash differs between fields, but never between releases.
    """
    found = _HASHED.fullmatch(base)
    if found is None:
        raise ScheduleError(f"cannot read {base!r}", column=column, example="H(0-29) * * * *")
    last = 6 if field is WEEKDAY else field.high
    low, high = field.low, (field.hash_high or last) if step == 0 else last
    if found[1] is not None:
        low, high = _value(field, found[1], column + 2), _value(field, found[2], column + 3 + len(found[1]))
        if low > high:
            raise _backwards(field, f"{low}-{high}", low, high, column + 2)
    digest = hashlib.sha256(f"{field.name}\0{spread}".encode("utf-8", "surrogatepass")).digest()
    chosen = low + int.from_bytes(digest[:8], "big") % min(step or high - low + 1, high - low + 1)
    return range(chosen, high + 1, step) if step else range(chosen, chosen + 1)


def _text_of(values: range, *, stepped: bool) -> str:
    return f"{values[0]}-{values[-1]}/{values.step}" if stepped and len(values) > 1 else str(values[0])


def _nth_weekday(item: str, column: int) -> tuple[int, int]:
    """(Weekday, n) of `5#2`, the second Friday, or `L5`, the last Friday (n = -1)."""
    example = "0 9 * * 5#2 (second Friday) or 0 9 * * L5 (last Friday)"
    if item.startswith("L"):
        if item == "L":
            raise ScheduleError("L in the day of week field needs a weekday", column=column, example=example)
        return _value(WEEKDAY, item[1:], column + 1) % 7, -1
    weekday, _, n = item.partition("#")
    if n not in ("1", "2", "3", "4", "5"):
        raise ScheduleError(f"{item!r}: # needs a number from 1 to 5 behind it", column=column, example=example)
    return _value(WEEKDAY, weekday, column) % 7, int(n)


def _backwards(field: Field, text: str, low: int, high: int, column: int) -> ScheduleError:
    last = 6 if field is WEEKDAY else field.high
    remedy = f"{low}-7" if field is WEEKDAY and high == 0 else f"{low}-{last},{field.low}-{high}"
    problem = f"the range {text!r} of the {field.name} field runs backwards: write {remedy}"
    return ScheduleError(problem, column=column, example=field.example)


def _random(field: Field, text: str, column: int) -> ScheduleError:
    """The refusal of `a~b`, a random value of some crons: it would differ from process to process."""
    low, _, high = text.partition("~")
    spread = f"H({low}-{high})" if low.isdigit() and high.isdigit() else "H"
    problem = f"~ (random) is not supported: write {spread}, which spreads by a hash that stays the same"
    return ScheduleError(f"{problem}, in the {field.name} field", column=column, example="H(0-29) * * * *")


def _short_name(field: Field, text: str) -> str | None:
    """The name that `text` is written out: `MON` for `MONDAY`, `TUES` or `Tuesday`."""
    full = next((name for name in field.full_names if len(text) > 3 and name.startswith(text)), None)
    return full[:3] if full is not None else None


def _unreadable(field: Field, text: str, column: int) -> ScheduleError:
    example = field.example
    short = _short_name(field, text)
    if short is not None:
        problem = f"{text!r} is written {short} in the {field.name} field"
    elif text == "":
        problem = f"a value is missing in the {field.name} field"
    elif text == "?":
        problem = "? is not supported, write *"
    elif field is DAY and "W" in text:
        problem = "W (nearest working day) is not supported"
    elif field is DAY and text == "L":
        problem = "L is the last day of the month and stands alone"
    elif field is WEEKDAY and text.endswith("L") and text[:-1].isdigit():
        problem, example = f"the last weekday of a month is written L{text[:-1]}, not {text}", "0 9 * * L5"
    elif text == "R":
        problem, example = "R (random) is not supported; H spreads by a hash that stays the same", "H H * * *"
    else:
        problem = f"cannot read {text!r} in the {field.name} field"
    return ScheduleError(problem, column=column, example=example)
