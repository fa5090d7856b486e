"""Operations of many jobs at once, and of the bulk changes under way."""

from __future__ import annotations

from foliot.api.bulk.request import BulkRequest
from foliot.api.bulk.results import BulkResult
from foliot.api.handlers.bulk import BulkHandlers
from foliot.api.handlers.operations import OperationHandlers, OperationList, OperationWithResults
from foliot.api.queries.operations import OperationRow
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation
from foliot.api.web.pages import PageQuery

MAX_BULK_BYTES = 32 * 1024 * 1024

OPERATIONS = (
    Operation(
        method="POST", path="/v1/jobs/bulk", id="bulkJobs", handler=BulkHandlers.bulk, role=Role.RUNNER,
        summary="Change many jobs, create many, or make a set equal to a list",
        note="Every row has its own result: a wrong one fails alone, but an apply is done whole or not at all. "
        "All actions but run need the role operator. One transaction changes up to 1,000 jobs and 32 MiB of payloads; "
        "more become an operation, answered with 202. As ndjson the first line is the request without jobs, and a job "
        "stands on each further line; without an action every line is a job to create.",
        body=Body(BulkRequest, lines=True, max_bytes=MAX_BULK_BYTES), answers={200: BulkResult, 202: OperationRow},
        errors=("set", "prune"), headers=("Location",), idempotent=True,
    ),
    Operation(
        method="GET", path="/v1/operations", id="listOperations", handler=OperationHandlers.page, role=Role.VIEWER,
        summary="List the bulk changes of many jobs, newest first",
        query=PageQuery, answers={200: OperationList},
    ),
    Operation(
        method="GET", path="/v1/operations/{operation_id}", id="getOperation", handler=OperationHandlers.read,
        role=Role.VIEWER, summary="Read the progress of a bulk change, and the results of its rows",
        query=PageQuery, answers={200: OperationWithResults},
    ),
    Operation(
        method="POST", path="/v1/operations/{operation_id}/cancel", id="cancelOperation",
        handler=OperationHandlers.cancel, role=Role.OPERATOR,
        summary="Stop a bulk change", note="What it has done stays done.",
        answers={200: OperationRow}, errors=("state",), idempotent=True,
    ),
)  # fmt: skip
