"""Operations of job keys. Those of a job that has one are made of the rows by job_id (operations/by_key.py)."""

from __future__ import annotations

from foliot.api.handlers.keyed_jobs import KeyedJobHandlers
from foliot.api.jobs.definition import JobDefinition
from foliot.api.operations.by_key import BY_KEY
from foliot.api.views.job import JobView
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation

OPERATIONS = (
    Operation(
        method="PUT", path=BY_KEY, id="putJobByKey", handler=KeyedJobHandlers.put, role=Role.OPERATOR,
        summary="Create the job with a key, or replace its definition",
        note="201 if it was created, 200 if there was one. An equal definition changes nothing: neither version nor "
        "next tick. Members left out take the defaults. A pause stays. A CANCELLED job keeps its key and is not "
        "replaced: delete it first. A deleted job has freed its key, so a new job is created.",
        body=Body(JobDefinition), answers={200: JobView, 201: JobView}, errors=("state",), headers=("Location", "ETag"),
        idempotent=True, conditional=True, creates=True,
    ),
)  # fmt: skip
