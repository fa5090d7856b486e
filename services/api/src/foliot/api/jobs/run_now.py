"""A run that a caller asks for: now, beside the schedule, which it does not move."""

from __future__ import annotations

from typing import Any

import msgspec

from foliot.api.jobs.definition import check_payload
from foliot.api.jobs.steps import allow, locked
from foliot.api.web.fields import convert_fields
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Conflict, Invalid
from foliot.common.ledger.conclude import end_runs
from foliot.common.model.execution import Execution
from foliot.common.model.policies import OverlapPolicy


class RunOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of the definition that one run may have otherwise."""

    payload: dict[str, Any] | None = None
    overlap_policy: OverlapPolicy | None = None


def decode_override(body: dict[str, Any]) -> dict[str, Any]:
    """The fields that are given; null is as if left out. Raises Invalid."""
    override, errors = convert_fields(body, RunOverride)
    if errors:
        raise Invalid(errors)
    return {name: value for name, value in override.items() if value is not None}


async def run(change: OpenChange, job_id: int, override: dict[str, Any]) -> Execution:
    """With an unfinished run the overlap policy decides. A shadow never runs. Raises Conflict, or Invalid for a
    payload that is wrong."""
    job, _ = await locked(change, job_id)
    unit = change.unit
    unfinished = await unit.runs.is_open(job_id)
    if "payload" in override and (errors := check_payload(job.job_type, override["payload"])):
        raise Invalid(errors)
    allow(job, "run")
    if job.shadow:
        raise Conflict("shadow", f"job {job_id} is a shadow, which never runs: set shadow to false first")
    policy = override.get("overlap_policy", job.overlap_policy)
    if unfinished and policy == OverlapPolicy.SKIP:
        raise Conflict(
            "overlap", f"job {job_id} has an unfinished run: wait, or send overlap_policy allow or queue_one"
        )
    if unfinished and policy == OverlapPolicy.QUEUE_ONE and await unit.runs.is_waiting(job_id):
        raise Conflict("overlap", f"a run of job {job_id} waits already")
    cancels = unfinished and policy == OverlapPolicy.CANCEL_RUNNING
    if cancels:
        outcomes = await unit.endings.cancel_open([job_id])
    execution = await unit.runs.insert_run(
        job, override=override or None, request_id=change.caller.request_id, traceparent=change.caller.traceparent,
        waits=unfinished and policy != OverlapPolicy.ALLOW,
    )  # fmt: skip
    await unit.runs.note_open_runs([(job_id, execution.scheduled_time)])
    if cancels:
        await end_runs(unit, [job_id], outcomes)
    new = {"execution_id": execution.execution_id, **override}
    await change.audit("RUN_JOB", "JOB", job_id, new=new, team_id=job.team_id)
    await change.wake()
    return execution
