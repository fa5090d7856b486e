"""`foliot dead-letters`: runs whose last attempt failed."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.exits import USAGE, Stop
from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations


@click.group("dead-letters", cls=Noun, help="Dead letters: runs whose last attempt failed.")
def dead_letters() -> None:
    pass


@dead_letters.command("list", examples="foliot dead-letters list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
def list_(session: Session, limit: int) -> None:
    """List open dead letters."""
    found = session.collect(operations.list_dead_letters(limit=min(limit, 200)), limit)
    session.output.items(found, ("execution_id", "job_id", "dead_at", "fingerprint", "error_message"), "execution_id")


@dead_letters.command(
    "replay", examples="foliot dead-letters replay 71 72\nfoliot dead-letters replay --job-id 12 --dry-run"
)
@click.argument("execution", type=int, nargs=-1)
@click.option("--job-id", type=int, help="All of this job.")
@click.option("--fingerprint", help="All with this error.")
@click.option("--dry-run", is_flag=True, help="Count them only.")
@click.option("--rate", type=float, help="So many a second.")
def replay(session: Session, execution: tuple[int, ...], rate: float | None, **chosen: Any) -> None:
    """Run them again."""
    body = _chosen(execution, **chosen) | ({"rate": rate} if rate is not None else {})
    _act(session, "replay", operations.replay_dead_letters(body), body)


@dead_letters.command(
    "discard", examples="foliot dead-letters discard 71\nfoliot dead-letters discard --fingerprint 3f2a"
)
@click.argument("execution", type=int, nargs=-1)
@click.option("--job-id", type=int, help="All of this job.")
@click.option("--fingerprint", help="All with this error.")
@click.option("--dry-run", is_flag=True, help="Count them only.")
def discard(session: Session, execution: tuple[int, ...], **chosen: Any) -> None:
    """Take them off the list."""
    body = _chosen(execution, **chosen)
    _act(session, "discard", operations.discard_dead_letters(body), body)


def _chosen(execution: tuple[int, ...], job_id: int | None, fingerprint: str | None, dry_run: bool) -> dict[str, Any]:
    chosen = {"job_id": job_id, "fingerprint": fingerprint}
    named = {name: value for name, value in chosen.items() if value is not None}
    if bool(execution) == bool(named):
        raise Stop("name executions, or --job-id and --fingerprint, not both", USAGE)
    return ({"execution_ids": list(execution)} if execution else {"filter": named}) | {"dry_run": dry_run}


def _act(session: Session, what: str, request: Any, body: dict[str, Any]) -> None:
    if not body["dry_run"]:
        session.confirm(f"{what} dead letters")
    session.output.item(session.ask(request), "done")
