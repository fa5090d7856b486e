"""A line of a log for eyes: time, process, level, message, and the other fields as name=value."""

from datetime import datetime

import msgspec

from cluster.errors import ClusterError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SHOWN = {"timestamp", "level", "message", "service", "event", "worker_id", "scheduler_id"}
"""Fields that have their place in front, or that the process names."""


class Line(msgspec.Struct, frozen=True):
    """`time`: RFC 3339 in UTC, so that it sorts as text. `level`: "" if the line is not JSON, as those of servers."""

    time: str
    process: str
    level: str
    text: str

    def is_at_least(self, level: str) -> bool:
        """A line without a level may be anything, a traceback too: it is always shown."""
        return self.level not in LEVELS or LEVELS.index(self.level) >= LEVELS.index(level)

    def __str__(self) -> str:
        time = f"{self.time[:10]} {self.time[11:23]}" if self.time else " " * 23
        return f"{time}  {self.process:<12} {self.level or '-':<8} {self.text}"


def parse(raw: bytes, process: str, before: str) -> Line:
    """`before`: the time of the line before it, which one without a time has too."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Line(before, process, "", _printable(raw.decode(errors="replace")))
    others = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if name not in SHOWN)
    message = _printable(str(fields.get("message", fields.get("event", ""))))
    text = f"{message}  {others}" if others else message
    return Line(_time(fields.get("timestamp"), before), process, str(fields.get("level", "")), text)


def level(text: str) -> str:
    if text.upper() not in LEVELS:
        raise ClusterError(f"LEVEL={text}: write {', '.join(LEVELS[:-1]).lower()} or {LEVELS[-1].lower()}")
    return text.upper()


def _time(value: object, before: str) -> str:
    try:
        return datetime.fromisoformat(str(value)).isoformat(timespec="microseconds")
    except ValueError:
        return before


def _value(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if isinstance(value, str) and (" " in text or not text):
        text = f'"{text}"'
    return _printable(text)


def _printable(text: str) -> str:
    """Nothing that a terminal would obey: a job writes what it likes into its errors."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
