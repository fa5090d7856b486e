"""docs/events.md, as text."""

from __future__ import annotations

import foliot.api.events
import foliot.common.process.events
import foliot.scheduler.events
import foliot.worker.events
from foliot.common.process.events import Event, Events

EVENTS: dict[str, Events] = {
    "every service": foliot.common.process.events.EVENTS,
    "api": foliot.api.events.EVENTS,
    "scheduler": foliot.scheduler.events.EVENTS,
    "worker": foliot.worker.events.EVENTS,
}
HEAD = """\
# Log events

Made of the code by `make docs-events`. Every line is one JSON object with `timestamp`, `service`, `level`, `message`,
`event` and the event's fields; a field without a value is left out. Lines of a request to the API also have its
`request_id` and `trace_id`. `duration` is in milliseconds, every time is RFC 3339 UTC. Lines of libraries have a
`message` and no `event`.
"""


def events_page() -> str:
    return HEAD + "".join(_section(title, events) for title, events in EVENTS.items())


def _section(title: str, events: Events) -> str:
    head = "| event | level | meaning | fields |\n|---|---|---|---|\n"
    return f"\n## {title.capitalize()}\n{head}{''.join(_row(event) for event in events)}"


def _row(event: Event) -> str:
    fields = ", ".join(f"`{field}`" for field in event.fields)
    return f"| `{event.name}` | {', '.join(event.levels)} | {event.meaning} | {fields} |\n"
