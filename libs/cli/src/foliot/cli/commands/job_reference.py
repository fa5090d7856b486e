"""A job as it is named on the command line: its id, or its job_key."""

from __future__ import annotations

from foliot.cli.exits import NOT_FOUND, Stop
from foliot.cli.session import Session
from foliot.client import operations


def job_id(session: Session, named: str) -> int:
    """`12` is an id, `nightly` a job_key, `key=12` a job_key that reads like an id."""
    if named.isascii() and named.isdigit():
        return int(named)
    key = named.removeprefix("key=")
    found = session.ask(operations.list_jobs(job_key=key, fields=["job_id"], limit=2))["items"]
    if not found:
        raise Stop(f"there is no job with the job_key {key!r}", NOT_FOUND)
    if len(found) > 1:
        raise Stop(f"several teams have a job with the job_key {key!r}: name its job_id", NOT_FOUND)
    number: int = found[0]["job_id"]
    return number
