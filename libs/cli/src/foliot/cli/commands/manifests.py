"""`foliot plan`, `foliot apply` and `foliot export`: jobs as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from foliot.cli.commands.planned import ask_to_apply, plan_of, planned, print_changes, read_plan
from foliot.cli.exits import DIFFERS, FAILED
from foliot.cli.session import Session
from foliot.cli.tables import cell
from foliot.cli.verbs import Verb


@click.command("plan", cls=Verb, examples="foliot plan jobs.yaml\nfoliot plan jobs.yaml -o json > plan.json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--ticks/--no-ticks", default=True, help="The next three ticks before and after.")
def plan(session: Session, file: Path, ticks: bool) -> int:
    """Show what applying a manifest would change. Exit codes: 0 nothing, 2 something, 1 error."""
    manifest, found = planned(session, file)
    if session.output.structured:
        session.output.item(plan_of(manifest, found), "set")
    else:
        print_changes(session, manifest, found, ticks=ticks)
    return DIFFERS if any(one.action != "same" for one in found) else 0


@click.command("apply", cls=Verb, examples="foliot apply jobs.yaml\nfoliot apply plan.json --prune 2")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--prune", type=click.IntRange(0), help="Delete the jobs of the set that the file leaves out, if they are so many."
)
@click.option("--adopt", is_flag=True, help="Take over jobs that belong to no set or to another.")
def apply(session: Session, file: Path, prune: int | None, adopt: bool) -> int:
    """Make the jobs of a set what FILE says: a manifest, or a plan that was kept.

    A job that was changed since the plan is a conflict (exit code 5). Nothing is deleted without --prune.
    """
    body = read_plan(file)
    if body is None:
        manifest, found = planned(session, file)
        print_changes(session, manifest, found, ticks=False, note=True)
        body = plan_of(manifest, found)
    session.confirm(f"apply the set {body['set']}")
    answer = ask_to_apply(session, body, prune, adopt)
    session.output.item({name: value for name, value in answer.items() if name != "results"}, "done")
    failed = [one for one in answer.get("results") or [] if one.get("error")]
    for one in failed:
        session.output.note(f"job {one.get('index')}: {cell(one['error'])}")
    if "operation_id" in answer:
        session.output.note(f"it goes on by itself: foliot api GET /v1/operations/{answer['operation_id']}")
    return FAILED if failed else 0


@click.command(
    "export",
    cls=Verb,
    examples="foliot export --set billing > jobs.yaml\nfoliot export --label owner=billing --set billing",
)
@click.option("--set", "set_name", default="exported", show_default=True, help="The set that the manifest names.")
@click.option("--label", multiple=True, help="NAME=VALUE; of these jobs only.")
def export(session: Session, set_name: str, label: tuple[str, ...]) -> None:
    """Write jobs as a manifest. A job without a job_key has no place in one, a cancelled one no future."""
    from foliot.cli.commands.planned import served_jobs  # noqa: PLC0415
    from foliot.cli.manifest.fields import short  # noqa: PLC0415
    from foliot.cli.manifest.written import yaml_text  # noqa: PLC0415

    jobs: dict[str, Any] = {}
    left_out = []
    for job in served_jobs(session, label):
        if job["job_key"] is None or job["status"] == "CANCELLED":
            left_out.append(job["job_id"])
        else:
            jobs[job["job_key"]] = short(job)
    if left_out:
        session.output.note(f"left out, without a job_key or cancelled: {', '.join(map(str, left_out))}")
    session.output.text(yaml_text({"foliot": 1, "set": set_name, "jobs": jobs}))
