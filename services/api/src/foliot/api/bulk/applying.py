"""Apply: make the jobs of a set equal to a list. All or nothing, as far as one transaction goes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from foliot.api.bulk.actions import in_turns
from foliot.api.bulk.plan import Planned
from foliot.api.bulk.results import BulkResult, Outcome, counted, error_of, undone
from foliot.api.bulk.storing import Row, create
from foliot.api.jobs import steps
from foliot.api.jobs.many import ManyJobs, lock_many
from foliot.api.web.etags import etag
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, FoliotError, NotFound, PreconditionFailed, Unavailable

_NAMED = 20
"""job_keys that a refused prune names."""


class Undone(Exception):
    """A row failed: the transaction is rolled back, and this is the answer."""

    def __init__(self, result: BulkResult) -> None:
        super().__init__()
        self.result = result


def check_prune(name: str | None, expected: int | None, planned: Sequence[Planned]) -> None:
    """Raises Conflict unless the jobs to delete are as many as the caller said."""
    beyond = [one.job_key or "" for one in planned if one.change == "delete"]
    if expected is None or expected == len(beyond):
        return
    keys = ", ".join(beyond[:_NAMED]) + (", ..." if len(beyond) > _NAMED else "")
    raise Conflict("prune", f"{len(beyond)} jobs of the set {name} are not in jobs, not {expected}: {keys or 'none'}")


async def apply(change: OpenChange, name: str, planned: Sequence[Planned], changing: Sequence[Planned]) -> BulkResult:
    """Do the changes of the plan. Raises Undone if one fails."""
    outcomes = dict(zip([one.job_key for one in changing], await make(change, name, changing), strict=True))
    rows = []
    for one in planned:
        row, outcome = one.shown(), outcomes.get(one.job_key)
        if outcome is not None and outcome.error is not None:
            row = msgspec.structs.replace(row, error=outcome.error)
        elif outcome is not None and outcome.job_id is not None:
            row = msgspec.structs.replace(row, job_id=outcome.job_id)
        rows.append(row)
    if any(row.error is not msgspec.UNSET for row in rows):
        raise Undone(undone(rows))
    return msgspec.structs.replace(counted(rows), done=len(changing))


async def make(change: OpenChange, name: str, changing: Sequence[Planned]) -> list[Outcome]:
    """An outcome for each row, in order. Jobs that exist are locked before new ones are stored. One that was changed
    after the plan looked at it is left as it is."""
    many = await lock_many(
        change.unit, [one.job_id for one in changing if one.job_id is not None], change.principal.scope
    )
    one_job, outcomes = change.over(many), {}
    async for index, one in in_turns(enumerate(changing)):
        if one.change != "create":
            outcomes[index] = await _change(one_job, many, name, one)
    await many.write()
    new = [(index, one) for index, one in enumerate(changing) if one.change == "create"]
    created = await create(change, [Row(index, one.definition) for index, one in new], name) if new else []
    outcomes |= {index: outcome for (index, _), outcome in zip(new, created, strict=True)}
    return [outcomes[index] for index in range(len(changing))]


async def _change(change: OpenChange, many: ManyJobs, name: str, one: Planned) -> Outcome:
    job_id, version = one.job_id or 0, one.version or 0
    try:
        if one.change == "delete":
            await steps.delete(change, job_id, etag(version))
            return Outcome(job_id)
        job = many.locked_jobs.get(job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        if job.version != version:
            raise PreconditionFailed(f"job {job_id} has version {job.version} now: plan it again")
        steps.allow(job, "edit")
        assert one.definition is not None
        await steps.redefine(change, job, many.now, one.definition, into=name)
    except Unavailable:
        raise
    except FoliotError as error:
        return Outcome(job_id, error_of(error))
    return Outcome(job_id)
