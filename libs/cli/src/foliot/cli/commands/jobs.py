"""`foliot jobs`: everything that is done to a job."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.commands.definition import definition
from foliot.cli.commands.explain import explain
from foliot.cli.commands.job_reference import job_id
from foliot.cli.commands.running import run
from foliot.cli.exits import USAGE, Stop
from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations

_COLUMNS = (
    "job_id",
    "job_key",
    "job_name",
    "job_type",
    "schedule",
    "timezone",
    "status",
    "last_status",
    "next_run_time",
)


@click.group("jobs", cls=Noun, help="Jobs: what is to be done, and when.")
def jobs() -> None:
    pass


jobs.add_command(run)
jobs.add_command(explain)


@jobs.command(
    "list", examples="foliot jobs list --last-status FAILED,TIMEOUT\nfoliot jobs list --label owner=billing -o name"
)
@click.option("--status", help="PENDING, QUEUED, RUNNING, PAUSED, COMPLETED, FAILED or CANCELLED.")
@click.option("--last-status", help="Outcomes of the last run, with commas.")
@click.option("--type", "job_type", help="http_request, script or sql_query.")
@click.option("--pool", help="The workers that may run it.")
@click.option("--label", multiple=True, help="NAME=VALUE; several must all fit.")
@click.option("-q", "--search", "q", help="A part of the name, in any case.")
@click.option("--priority", type=int, help="0 to 9.")
@click.option("--sort", help="created_at, job_name, next_run_time or last_run_time.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
@click.option("--all", "every", is_flag=True, help="All of them.")
def list_(
    session: Session, limit: int, every: bool, label: tuple[str, ...], last_status: str | None, **given: Any
) -> None:
    """List jobs, newest first."""
    wanted = operations.list_jobs(
        limit=200 if every else min(limit, 200),
        label=label,
        last_status=last_status.split(",") if last_status else None,
        **given,
    )
    session.output.items(session.collect(wanted, None if every else limit), _COLUMNS, "job_id")


@jobs.command("get", examples="foliot jobs get 12\nfoliot jobs get nightly-report -o json")
@click.argument("job")
def get(session: Session, job: str) -> None:
    """Show a job with its payload. JOB: its id or job_key."""
    _show(session, session.ask(operations.get_job(job_id(session, job))))


@jobs.command(
    "create",
    examples="foliot jobs create -f job.yaml\nfoliot jobs create --name hello --schedule immediate --script 'echo hello'",
)
@click.option("-f", "--file", help="The fields as YAML or JSON; - is stdin.")
@click.option("--name", help="job_name.")
@click.option("--schedule", help="Cron, @every 5m, an instant, immediate or manual.")
@click.option("--timezone", help="IANA name.")
@click.option("--script", help="A script job with this text.")
@click.option("--request", "address", help="An http_request job that sends GET to this URL.")
@click.option("--set", "assignments", multiple=True, help="FIELD=VALUE; payload.method=POST for a member.")
def create(
    session: Session, file: str | None, name: str | None, schedule: str | None, timezone: str | None, script: str | None,
    address: str | None, assignments: tuple[str, ...],
) -> None:  # fmt: skip
    """Create a job."""
    made = definition(file, [])
    named = {"job_name": name, "schedule": schedule, "timezone": timezone}
    made |= {field: value for field, value in named.items() if value is not None}
    if script is not None:
        made |= {"job_type": "script", "payload": {"script": script}}
    if address is not None:
        made |= {"job_type": "http_request", "payload": {"url": address}}
    _show(session, session.ask(operations.create_job(_merged(made, definition(None, assignments)))))


@jobs.command(
    "edit",
    examples="foliot jobs edit 12 --set priority=5 --set 'schedule=0 9 * * *'\nfoliot jobs edit nightly -f patch.yaml",
)
@click.argument("job")
@click.option("-f", "--file", help="The fields to change as YAML or JSON; - is stdin.")
@click.option("--set", "assignments", multiple=True, help="FIELD=VALUE; null takes the default.")
@click.option("--if-version", type=int, help="Only if the definition still has this version.")
def edit(session: Session, job: str, file: str | None, assignments: tuple[str, ...], if_version: int | None) -> None:
    """Change fields of a job; the others stay."""
    patch = definition(file, assignments)
    if not patch:
        raise Stop("nothing to change: --set FIELD=VALUE or -f FILE", USAGE)
    match = None if if_version is None else f'"{if_version}"'
    _show(session, session.ask(operations.edit_job(job_id(session, job), patch, if_match=match)))


@jobs.command("pause", examples="foliot jobs pause 12")
@click.argument("job")
def pause(session: Session, job: str) -> None:
    """Plan no more ticks until resume."""
    _show(session, session.ask(operations.pause_job(job_id(session, job))))


@jobs.command("resume", examples="foliot jobs resume 12")
@click.argument("job")
def resume(session: Session, job: str) -> None:
    """Plan again, from the next tick on."""
    _show(session, session.ask(operations.resume_job(job_id(session, job))))


@jobs.command("cancel", examples="foliot jobs cancel 12")
@click.argument("job")
def cancel(session: Session, job: str) -> None:
    """End a job for good, with its open runs."""
    session.confirm(f"cancel job {job}")
    _show(session, session.ask(operations.cancel_job(job_id(session, job))))


@jobs.command("delete", examples="foliot jobs delete 12")
@click.argument("job")
def delete(session: Session, job: str) -> None:
    """Cancel a job and hide it."""
    session.confirm(f"delete job {job}")
    session.ask(operations.delete_job(job_id(session, job)))
    session.output.note(f"job {job} is deleted")


@jobs.command("history", examples="foliot jobs history 12\nfoliot jobs history nightly --limit 5 -o ndjson")
@click.argument("job")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="So many at most.")
def history(session: Session, job: str, limit: int) -> None:
    """The attempts of a job, newest first."""
    wanted = operations.list_executions_of_job(job_id(session, job), limit=min(limit, 200))
    columns = ("execution_id", "scheduled_time", "attempt_number", "trigger", "status", "duration_ms", "error_message")
    session.output.items(session.collect(wanted, limit), columns, "execution_id")


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Members of a member one by one: --set payload.method=POST keeps the payload's url."""
    both = {name: _merged(under[name], value) if isinstance(value, dict) and isinstance(under.get(name), dict) else value
            for name, value in over.items()}  # fmt: skip
    return under | both


def _show(session: Session, job: dict[str, Any]) -> None:
    for warning in job.pop("warnings") if not session.output.structured and "warnings" in job else []:
        session.output.note(f"warning: {warning['field']}: {warning['message']}")
    session.output.item(job, "job_id")
