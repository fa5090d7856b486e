"""Jobs of a body: read one by one, and stored many at once."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from foliot.api.bulk.actions import in_turns
from foliot.api.bulk.results import Outcome, RowError, error_of
from foliot.api.jobs.creation import JOB_KEY_INDEX, NewJob, Prepared, store_jobs
from foliot.api.jobs.definition import JobDefinition, decode
from foliot.api.web.bodies import parse_object
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, FieldError, FoliotError, Invalid, RolledBack

AT_ONCE = 500
"""Jobs that one statement stores."""


class Row(msgspec.Struct, frozen=True):
    """A job of the body: its definition, or the error in it."""

    index: int
    definition: JobDefinition | None
    error: RowError | None = None

    @property
    def job_key(self) -> str | None:
        return None if self.definition is None else self.definition.job_key


async def read(jobs: Sequence[bytes], *, keyed: bool) -> list[Row]:
    """The rows, in order. `keyed`: each needs a job_key. One job_key stands at most once in a body."""
    rows: list[Row] = []
    seen: dict[str, int] = {}
    async for index, raw in in_turns(enumerate(jobs)):
        try:
            definition = decode(parse_object(raw))
            key = definition.job_key
            if key is None and keyed:
                raise Invalid([FieldError("job_key", "is required: it is the job's identity")])
            if key is not None and seen.setdefault(key, index) != index:
                raise Invalid([FieldError("job_key", f"is that of jobs[{seen[key]}] too")])
            rows.append(Row(index, definition))
        except FoliotError as error:
            rows.append(Row(index, None, error_of(error)))
    return rows


async def create(change: OpenChange, rows: Sequence[Row], owned_by: str | None = None) -> list[Outcome]:
    """Create the jobs of the rows without an error. An outcome for each row, in order."""
    taken = await _taken(change, rows)
    wanted = [row for row in rows if row.error is None and row.job_key not in taken]
    stored = {row.index: outcome for row, outcome in zip(wanted, await _store(change, wanted, owned_by), strict=True)}
    return [_outcome(row, stored) for row in rows]


async def _taken(change: OpenChange, rows: Sequence[Row]) -> set[str]:
    keys = [row.job_key for row in rows if row.job_key is not None]
    return await change.unit.sets.select_taken(own(change), keys) if keys else set()


def own(change: OpenChange) -> int:
    """The owner of jobs that the caller makes, as the indexes hold it."""
    principal = change.principal
    return -principal.user_id if principal.team_id is None else principal.team_id


async def _store(change: OpenChange, rows: Sequence[Row], owned_by: str | None) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for begin in range(0, len(rows), AT_ONCE):
        part = rows[begin : begin + AT_ONCE]
        wanted = [
            NewJob(definition=row.definition, caller=change.caller, set=owned_by) for row in part if row.definition
        ]
        try:
            stored = await store_jobs(change.unit, wanted)
        except asyncpg.UniqueViolationError as error:
            if JOB_KEY_INDEX not in str(error):
                raise
            raise RolledBack("another request made a job with one of these job_keys: look again") from error
        for one in stored:
            if isinstance(one, Prepared):
                job_id = one.creation["job_id"]
                change.note("CREATE_JOB", "JOB", job_id)
                outcomes.append(Outcome(job_id))
            else:
                outcomes.append(Outcome(None, error_of(one)))
    return outcomes


def _outcome(row: Row, stored: dict[int, Outcome]) -> Outcome:
    if row.error is not None:
        return Outcome(None, row.error)
    if row.index in stored:
        return stored[row.index]
    detail = f"a job with the job_key {row.job_key!r} exists: choose another or edit it"
    return Outcome(None, error_of(Conflict("job_key", detail)))
