"""`foliot schedules`: when a schedule fires."""

from __future__ import annotations

import click

from foliot.cli.commands.definition import definition
from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations


@click.group("schedules", cls=Noun, help="Schedules, before a job has them.")
def schedules() -> None:
    pass


@schedules.command("preview", examples="foliot schedules preview '0 9 * * mon-fri' --timezone Europe/Berlin -n 10")
@click.argument("schedule")
@click.option("--timezone", default="UTC", show_default=True, help="IANA name.")
@click.option("-n", "--count", type=click.IntRange(1), default=5, show_default=True, help="So many ticks.")
@click.option("--after", help="Strictly after this time; now by default.")
@click.option("--set", "assignments", multiple=True, help="FIELD=VALUE of the job: dst_gap=skip, job_name=a for H.")
def preview(
    session: Session, schedule: str, timezone: str, count: int, after: str | None, assignments: tuple[str, ...]
) -> None:
    """Show the next ticks of SCHEDULE, with the two nights of the year marked."""
    body = {"schedule": schedule, "timezone": timezone, "count": count} | definition(None, assignments)
    if after is not None:
        body["after"] = after
    found = session.ask(operations.preview_schedule(body))
    if not session.output.structured:
        session.output.note(str(found["description"]))
    session.output.items(found["fire_times"], ("local", "utc", "marks"), "utc")
