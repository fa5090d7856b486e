"""`foliot executions`: attempts of runs."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.commands.running import wait_for
from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations

_COLUMNS = (
    "execution_id",
    "job_id",
    "job_name",
    "scheduled_time",
    "attempt_number",
    "status",
    "duration_ms",
    "error_message",
)


@click.group("executions", cls=Noun, help="Executions: the attempts of runs.")
def executions() -> None:
    pass


@executions.command(
    "list",
    examples="foliot executions list --status FAILED,TIMEOUT\nfoliot executions list --from 2026-11-28T00:00:00Z",
)
@click.option("--status", help="Several with commas.")
@click.option("--job-id", type=int, help="Of this job.")
@click.option("--label", multiple=True, help="NAME=VALUE of the job.")
@click.option("--worker", "worker_id", help="On this worker.")
@click.option("--from", "from_", help="Scheduled from then on; without a job the last 24 h.")
@click.option("--to", help="Scheduled before.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
def list_(session: Session, limit: int, status: str | None, **given: Any) -> None:
    """List attempts, newest first."""
    wanted = operations.list_executions(limit=min(limit, 200), status=status.split(",") if status else None, **given)
    session.output.items(session.collect(wanted, limit), _COLUMNS, "execution_id")


@executions.command("get", examples="foliot executions get 71")
@click.argument("execution", type=int)
def get(session: Session, execution: int) -> None:
    """Show an attempt with its output."""
    session.output.item(session.ask(operations.get_execution(execution)), "execution_id")


@executions.command("logs", examples="foliot executions logs 71")
@click.argument("execution", type=int)
def logs(session: Session, execution: int) -> None:
    """Print the first and last part of its output."""
    session.output.text(session.ask(operations.get_execution(execution))["logs"] or "")


@executions.command("cancel", examples="foliot executions cancel 71")
@click.argument("execution", type=int)
def cancel(session: Session, execution: int) -> None:
    """Stop an attempt; it is not retried."""
    session.output.item(session.ask(operations.cancel_execution(execution)), "execution_id")


@executions.command("wait", examples="foliot executions wait 71 --timeout 600")
@click.argument("execution", type=int)
@click.option("--timeout", type=click.FloatRange(0), default=3600.0, show_default=True, help="So many seconds at most.")
def wait(session: Session, execution: int, timeout: float) -> int:
    """Wait until it has ended: 0 COMPLETED, 10 FAILED, 11 TIMEOUT, 12 CANCELLED."""
    return wait_for(session, execution, timeout)
