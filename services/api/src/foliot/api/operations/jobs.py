"""Operations of jobs."""

from __future__ import annotations

from foliot.api.handlers.executions import ExecutionHandlers
from foliot.api.handlers.jobs import JobHandlers
from foliot.api.handlers.timeline import TimelineHandlers
from foliot.api.jobs import pausing
from foliot.api.jobs.definition import JobDefinition
from foliot.api.jobs.pausing import PauseRequest
from foliot.api.jobs.run_now import RunOverride, decode_override
from foliot.api.views.execution import ExecutionList, ExecutionView
from foliot.api.views.job import JobView
from foliot.api.views.job_items import JobList
from foliot.api.views.job_pages import JobQuery
from foliot.api.views.timeline import Timeline, TimelineQuery
from foliot.api.views.waits import WaitQuery
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation
from foliot.api.web.pages import PageQuery

OPERATIONS = (
    Operation(
        method="POST", path="/v1/jobs", id="createJob", handler=JobHandlers.create, role=Role.OPERATOR,
        summary="Create a job",
        body=Body(JobDefinition), answers={201: JobView}, errors=("job_key",), headers=("Location", "ETag"),
        idempotent=True,
    ),
    Operation(
        method="GET", path="/v1/jobs", id="listJobs", handler=JobHandlers.page, role=Role.VIEWER,
        summary="List jobs, newest first unless sorted otherwise",
        query=JobQuery, answers={200: JobList}, headers=("X-Foliot-Staleness",),
    ),
    Operation(
        method="GET", path="/v1/jobs/{job_id}", id="getJob", handler=JobHandlers.read, role=Role.VIEWER,
        summary="Read a job",
        answers={200: JobView}, headers=("ETag",),
    ),
    Operation(
        method="PATCH", path="/v1/jobs/{job_id}", id="editJob", handler=JobHandlers.edit, role=Role.OPERATOR,
        summary="Edit a job by a JSON merge patch",
        note="Members left out stay as they are, null takes the default. retry_policy is replaced whole. Read-only "
        "members that are sent back with their present value are ignored.",
        body=Body(JobDefinition, patch=True), answers={200: JobView}, errors=("state",), headers=("ETag",),
        idempotent=True, conditional=True,
    ),
    Operation(
        method="DELETE", path="/v1/jobs/{job_id}", id="deleteJob", handler=JobHandlers.delete, role=Role.OPERATOR,
        summary="Delete a job",
        note="Its open executions are cancelled; its history stays.",
        answers={204: None}, idempotent=True, conditional=True,
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/pause", id="pauseJob", handler=JobHandlers.pause, role=Role.OPERATOR,
        summary="Pause a job",
        note="No tick is planned until it is resumed, by somebody or at `until`. Runs that exist go on to their end. "
        "The body is optional.",
        body=Body(PauseRequest, pausing.decode, optional=True), answers={200: JobView},
        errors=("state",), headers=("ETag",), idempotent=True,
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/resume", id="resumeJob", handler=JobHandlers.resume, role=Role.OPERATOR,
        summary="Resume a paused job at its next tick",
        answers={200: JobView}, errors=("state",), headers=("ETag",), idempotent=True,
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/cancel", id="cancelJob", handler=JobHandlers.cancel, role=Role.OPERATOR,
        summary="Cancel a job for good",
        note="Its open executions are cancelled too.",
        answers={200: JobView}, errors=("state",), headers=("ETag",), idempotent=True,
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/run", id="runJob", handler=JobHandlers.run, role=Role.RUNNER,
        summary="Run a job now, beside its schedule",
        note="The body is optional; another payload needs the role operator. With `wait` the answer is the last "
        "attempt of the run, retries included, as it is at the end of the run, or after so many seconds. A repeat with "
        "the same Idempotency-Key makes no other run; with `wait` it waits for that one. 1,000 requests of a process "
        "wait at most; further ones are answered at once.",
        query=WaitQuery,
        body=Body(RunOverride, decode_override, optional=True), answers={202: ExecutionView},
        errors=("state", "overlap", "shadow"), headers=("Location",), idempotent=True,
    ),
    Operation(
        method="GET", path="/v1/jobs/{job_id}/executions", id="listExecutionsOfJob",
        handler=ExecutionHandlers.list_of_job, role=Role.VIEWER,
        summary="List the attempts of a job, newest first",
        query=PageQuery, answers={200: ExecutionList},
    ),
    Operation(
        method="GET", path="/v1/jobs/{job_id}/timeline", id="getTimeline", handler=TimelineHandlers.timeline,
        role=Role.VIEWER, summary="Every expected tick of a range, and its outcome",
        note="At most 1,000 ticks or 31 days an answer; by default from a day ago, or the job's creation if that is "
        "later, to a day ahead.",
        query=TimelineQuery, answers={200: Timeline},
    ),
)  # fmt: skip
