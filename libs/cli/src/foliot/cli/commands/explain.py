"""`foliot jobs explain`: what became of a tick, and why, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from foliot.cli.commands.job_reference import job_id
from foliot.cli.exits import NOT_FOUND, USAGE, Stop
from foliot.cli.session import Session
from foliot.cli.verbs import Verb
from foliot.client import operations

Tick = dict[str, Any]
_COLUMNS = ("local", "outcome", "attempts", "lateness_ms", "execution_id", "reason")
_AROUND = timedelta(hours=15)
"""No time zone is further from UTC."""


@click.command(
    "explain", cls=Verb, examples="foliot jobs explain 12 --at 2026-11-29T02:30\nfoliot jobs explain nightly"
)
@click.argument("job")
@click.option("--at", help="The tick: by the job's own clock, or with an offset or Z.")
@click.option(
    "--last", type=click.IntRange(1, 1000), default=20, show_default=True, help="Without --at: so many ticks."
)
def explain(session: Session, job: str, at: str | None, last: int) -> None:
    """Say what became of a tick and why; without --at of the last ones."""
    number = job_id(session, job)
    if at is None:
        found = session.ask(operations.get_timeline(number, order="desc"))["items"][:last]
        session.output.items(found, _COLUMNS, "scheduled_time")
        return
    tick = _tick(session, number, at)
    if session.output.structured:
        session.output.item(tick, "scheduled_time")
    else:
        session.output.text(sentence(tick) + "\n")


def _tick(session: Session, number: int, at: str) -> Tick:
    moment = _moment(at)
    nearest: Tick | None = None
    for tick in _around(session, number, moment):
        if _fits(tick, at, moment):
            return tick
        nearest = tick
    words = "no tick near it" if nearest is None else f"the last one shown near it is {nearest['local']}"
    raise Stop(f"job {number} has no tick at {at}: {words}", NOT_FOUND)


def _around(session: Session, number: int, moment: datetime) -> Iterator[Tick]:
    """Ticks from before the moment on, in any zone that it may be meant in."""
    local = moment.tzinfo is None
    begin = moment.replace(tzinfo=UTC) - _AROUND if local else moment - timedelta(seconds=1)
    end = moment.replace(tzinfo=UTC) + _AROUND if local else moment + timedelta(minutes=1)
    while begin is not None:
        page = session.ask(operations.get_timeline(number, from_=_rfc3339(begin), to=_rfc3339(end)))
        yield from page["items"]
        begin = datetime.fromisoformat(page["next_from"]) if page.get("next_from") else None  # type: ignore[assignment]


def _fits(tick: Tick, at: str, moment: datetime) -> bool:
    if moment.tzinfo is not None:
        return datetime.fromisoformat(tick["scheduled_time"]) == moment
    return str(tick["local"]).startswith(at.replace(" ", "T"))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Stop(f"--at takes a time like 2026-11-29T02:30, not {text!r}", USAGE) from None


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sentence(tick: Tick) -> str:
    """Of a tick of the timeline."""
    words = [f"{tick['local']}: {re.sub('_', ' ', str(tick['outcome']))}"]
    if tick["attempts"]:
        words.append(f"after {tick['attempts']} attempt{'s' if tick['attempts'] > 1 else ''}")
    if tick["lateness_ms"] is not None:
        words.append(f"started {tick['lateness_ms']} ms after it was available")
    if tick["execution_id"] is not None:
        words.append(f"execution {tick['execution_id']}")
    if not tick["expected"]:
        words.append("which the schedule of that time did not ask for")
    said = ", ".join(words)
    return f"{said}: {tick['reason']}." if tick["reason"] else f"{said}."
