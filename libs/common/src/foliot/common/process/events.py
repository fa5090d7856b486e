"""Log events: each is declared once, with its levels, meaning and fields. docs/events.md is generated from them.

A declaration returns the plain name, so that a log line costs no more for it. This file has the events of every
service; each service declares its own in its events.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Event(msgspec.Struct, frozen=True):
    """One declared event: its name in log lines, its levels, its meaning and its fields."""

    name: str
    levels: tuple[str, ...]
    meaning: str
    fields: tuple[str, ...]


class Events:
    """The declarations of one module, in their order."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def declare(self, name: str, levels: str, meaning: str, fields: str = "") -> str:
        """Declare an event and return its name. `levels` and `fields`: words, separated by spaces."""
        self._events.append(Event(name, tuple(levels.split()), meaning, tuple(fields.split())))
        return name

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)


EVENTS = Events()

STARTING = EVENTS.declare("starting", "INFO", "The process begins its work.", "version")
STOPPED = EVENTS.declare("stopped", "INFO", "The process ends after a signal to stop.")
CRASHED = EVENTS.declare("crashed", "ERROR CRITICAL", "The process ends because of an error.", "error")
UNRAISABLE = EVENTS.declare("unraisable", "ERROR", "An error that nobody could catch, in a finalizer.", "error")
CONFIG_WRONG = EVENTS.declare(
    "config_wrong", "ERROR", "The environment is wrong, every variable of it is listed; the process ends.", "error"
)
SCHEMA_UNKNOWN = EVENTS.declare(
    "schema_unknown", "ERROR", "The database has another schema than this release needs; the process ends.", "error"
)
POSTGRES_AWAY = EVENTS.declare(
    "postgres_away", "WARNING", "PostgreSQL cannot be reached at the start; the process waits for it.", "error"
)
RABBITMQ_AWAY = EVENTS.declare("rabbitmq_away", "WARNING", "A link to RabbitMQ could not be opened.", "link error")
RABBITMQ_OPEN = EVENTS.declare("rabbitmq_open", "INFO", "A link to RabbitMQ was opened.", "link")
DUTY_FAILED = EVENTS.declare(
    "duty_failed", "WARNING", "A step of a repeating duty failed; it is tried again.", "duty failures error"
)
CONNECTION_FAILED = EVENTS.declare(
    "connection_failed", "ERROR", "An HTTP connection ended by an error of ours; `error` is its type alone.", "error"
)
