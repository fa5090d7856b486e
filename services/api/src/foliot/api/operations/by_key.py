"""Operations of a job by its job_key, each made of the row by job_id: the same handler, checks and answers.

Only the path differs, and the door finds the job of the key. So every path below a job exists in both forms.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from foliot.api.web.operation import JOB_KEY, Operation

BY_ID = "/v1/jobs/{job_id}"
BY_KEY = f"/v1/jobs/by-key/{{{JOB_KEY}}}"


def with_keys(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations, and behind them those of a job once more, by its key."""
    by_id = tuple(operations)
    return (*by_id, *(_by_key(one) for one in by_id if one.path == BY_ID or one.path.startswith(f"{BY_ID}/")))


def _by_key(operation: Operation) -> Operation:
    return msgspec.structs.replace(
        operation, path=operation.path.replace(BY_ID, BY_KEY), id=f"{operation.id}ByKey",
        summary=f"{operation.summary} (by job_key)", origin=operation.id,
    )  # fmt: skip
