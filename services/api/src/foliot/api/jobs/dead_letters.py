"""Replay and discard of dead letters (runs that were given up), inside the caller's transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.fields import convert_fields
from foliot.api.web.open_change import OpenChange
from foliot.common.clock import rfc3339
from foliot.common.errors import Conflict, FieldError, Invalid, NotFound
from foliot.common.ledger.dead_letters import LetterKey, Selection

MAX_LETTERS = 1_000
"""Dead letters that one call replays or discards at most; call again for more."""
_Id = Annotated[int, msgspec.Meta(ge=1, le=LAST_ID)]


class LetterFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`filter` in a body: the dead letters that are meant; an empty one means all."""

    job_id: _Id | None = None
    fingerprint: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None


class LetterRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a replay or discard. `rate`: replayed runs a second."""

    execution_ids: Annotated[list[_Id], msgspec.Meta(max_length=MAX_LETTERS)] | None = None
    filter: LetterFilter | None = None
    dry_run: bool = False
    rate: Annotated[float, msgspec.Meta(ge=0.001, le=100_000, extra={"unit": "runs a second"})] | None = None


class LetterCount(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a replay or discard: dead letters that were meant, and those that it was done to."""

    matched: int
    done: int


def decode(body: dict[str, Any]) -> LetterRequest:
    """Exactly one of execution_ids and filter chooses the dead letters. Raises Invalid."""
    chosen = body.get("filter")
    values, errors = convert_fields({**body, "filter": {}} if isinstance(chosen, dict) else body, LetterRequest)
    if isinstance(chosen, dict):
        wanted, wrong = convert_fields(chosen, LetterFilter, "filter.")
        errors += wrong
        values["filter"] = None if wrong else LetterFilter(**wanted)
    if ("execution_ids" in body) == ("filter" in body):
        errors.append(FieldError("execution_ids", "give either execution_ids or filter"))
    if errors:
        raise Invalid(errors)
    return LetterRequest(**values)


async def replay(change: OpenChange, request: LetterRequest) -> LetterCount:
    """One more attempt of each run, spaced by `rate`. Runs of deleted jobs and of dropped history stay dead letters.
    What somebody else has replayed or discarded before the jobs were locked is left out."""
    matched = await _matching(change, request)
    if request.dry_run or not matched:
        return LetterCount(matched=len(matched), done=0)
    unit = change.unit
    teams = await unit.runs.lock_jobs(sorted({row.job_id for row in matched}))
    still_open = await unit.dead_letters.lock_open([row.execution_id for row in matched])
    letters = [row for row in matched if row.execution_id in still_open]
    if not letters:
        return LetterCount(matched=len(matched), done=0)
    spacing = timedelta(seconds=1 / request.rate) if request.rate else timedelta()
    dead = [(row.execution_id, row.scheduled_time, spacing * n) for n, row in enumerate(letters)]
    made = await unit.runs.insert_replays(dead, change.caller.request_id, change.caller.traceparent)
    runs = {(row.job_id, row.scheduled_time) for row in made}
    if not runs:
        floor = await unit.months.hold_floor()
        if all(row.scheduled_time < floor for row in letters):
            raise Conflict("history_expired", f"the history before {rfc3339(floor)} is dropped: run the job again")
        raise Conflict("not_replayable", "the job was cancelled or deleted")
    await unit.runs.note_replays(sorted(runs))
    replayed = [row.execution_id for row in letters if (row.job_id, row.scheduled_time) in runs]
    await unit.dead_letters.close_letters(replayed, "replayed")
    for row in made:
        team_id, new = teams.get(row.job_id), {"job_id": row.job_id}
        await change.audit("REPLAY_EXECUTION", "EXECUTION", row.execution_id, new=new, team_id=team_id)
    await change.wake()
    return LetterCount(matched=len(matched), done=len(replayed))


async def discard(change: OpenChange, request: LetterRequest) -> LetterCount:
    """Close them without another attempt."""
    letters = await _matching(change, request)
    if request.dry_run or not letters:
        return LetterCount(matched=len(letters), done=0)
    closed = await change.unit.dead_letters.close_letters([row.execution_id for row in letters], "discarded")
    for row in letters:
        if row.execution_id in closed:
            await change.audit("DISCARD_DEAD_LETTER", "EXECUTION", row.execution_id, team_id=row.team_id)
    return LetterCount(matched=len(letters), done=len(closed))


async def _matching(change: OpenChange, request: LetterRequest) -> list[LetterKey]:
    chosen = request.filter or LetterFilter()
    selection = Selection(execution_ids=request.execution_ids, job_id=chosen.job_id, fingerprint=chosen.fingerprint)
    letters = await change.unit.dead_letters.select_matching(change.principal.scope, selection, MAX_LETTERS)
    if not letters and request.execution_ids:
        raise NotFound("none of these executions is an open dead letter")
    return letters
