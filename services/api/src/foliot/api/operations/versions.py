"""Operations of what a job was: its versions, rollback and restore."""

from __future__ import annotations

from foliot.api.handlers.versions import VersionHandlers
from foliot.api.jobs.rollback import RollbackRequest, decode_rollback
from foliot.api.views.job import JobView
from foliot.api.views.versions import JobVersionList, VersionQuery
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation

OPERATIONS = (
    Operation(
        method="GET", path="/v1/jobs/{job_id}/versions", id="listVersions", handler=VersionHandlers.list_of_job,
        role=Role.VIEWER, summary="List the versions of a job, newest first, each with what it changed",
        note="With `version` and `against` any two are compared. Versions are kept for 24 months after they were "
        "replaced.",
        query=VersionQuery, answers={200: JobVersionList},
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/rollback", id="rollbackJob", handler=VersionHandlers.rollback,
        role=Role.OPERATOR, summary="Give a job the definition of a former version again",
        note="It is an edit: it makes a new version, ticks that have passed do not come back, and a pause stays.",
        body=Body(RollbackRequest, decode_rollback), answers={200: JobView}, errors=("state",), headers=("ETag",),
        idempotent=True, conditional=True,
    ),
    Operation(
        method="POST", path="/v1/jobs/{job_id}/restore", id="restoreJob", handler=VersionHandlers.restore,
        role=Role.OPERATOR, summary="Restore a job that was deleted in the last 30 days",
        note="It comes back as it was: paused if it was paused, ended if it had ended, and else armed from its next "
        "tick on, by the rules of resume, so that nobody has to remember to start it. Ticks that passed in between do "
        "not run, but for that of a job that fires once. Executions that the deletion cancelled stay cancelled.",
        answers={200: JobView}, errors=("state", "job_key"), headers=("ETag",), idempotent=True, of_deleted=True,
    ),
)  # fmt: skip
