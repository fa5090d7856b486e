"""`foliot jobs run`: a run now, and its outcome as the exit code."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.commands.definition import definition
from foliot.cli.commands.job_reference import job_id
from foliot.cli.exits import FAILED, OF_A_RUN
from foliot.cli.session import Session
from foliot.cli.verbs import Verb
from foliot.client import operations


@click.command(
    "run", cls=Verb, examples="foliot jobs run 12 --wait\nfoliot jobs run nightly --set payload.args='[\"--full\"]'"
)
@click.argument("job")
@click.option("--wait", is_flag=True, help="Until its first attempt has ended: 10 FAILED, 11 TIMEOUT, 12 CANCELLED.")
@click.option(
    "--timeout", type=click.FloatRange(0), default=3600.0, show_default=True, help="Wait so many seconds at most."
)
@click.option("-f", "--file", help="payload or overlap_policy of this run, as YAML or JSON.")
@click.option("--set", "assignments", multiple=True, help="FIELD=VALUE of this run.")
def run(session: Session, job: str, wait: bool, timeout: float, file: str | None, assignments: tuple[str, ...]) -> int:
    """Run a job now. Its schedule stays as it is."""
    override = definition(file, assignments) or None
    started = session.ask(operations.run_job(job_id(session, job), override))
    if not wait:
        session.output.item(started, "execution_id")
        return 0
    return wait_for(session, started["execution_id"], timeout)


def wait_for(session: Session, execution_id: int, timeout: float) -> int:
    """Shows the attempt once it has ended; the exit code that tells how."""
    from foliot.client.waiting import until_ended  # noqa: PLC0415

    try:
        ended = session.client.wait(until_ended(execution_id, timeout))
    except KeyboardInterrupt:
        session.output.note(f"it goes on without you; to wait again: foliot executions wait {execution_id}")
        raise
    shown: dict[str, Any] = session.ask(operations.get_execution(execution_id))
    session.output.item(shown, "execution_id")
    return OF_A_RUN.get(ended.status, FAILED)
