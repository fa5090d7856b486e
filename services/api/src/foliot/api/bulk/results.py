"""Results of a bulk request: a row for each job that was meant."""

from __future__ import annotations

import msgspec

from foliot.api.queries.operations import ChangeName
from foliot.api.views.job_items import JobItem
from foliot.api.web.error_codes import ERROR_CODES
from foliot.common.errors import FieldError, FoliotError, Invalid


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """The error of one row: what the same request for this job alone is answered."""

    status: int
    code: str
    detail: str
    errors: list[FieldError]


class BulkItem(msgspec.Struct, frozen=True, kw_only=True):
    """One job of a bulk request: what it is, or why nothing was done to it."""

    index: int | None
    job_id: int | msgspec.UnsetType = msgspec.UNSET
    job_key: str | msgspec.UnsetType = msgspec.UNSET
    change: ChangeName | msgspec.UnsetType = msgspec.UNSET
    fields: list[str] | msgspec.UnsetType = msgspec.UNSET
    error: RowError | msgspec.UnsetType = msgspec.UNSET


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a bulk request did. `done` is 0 for a dry run, and for an apply of which a row failed."""

    matched: int
    done: int
    failed: int
    results: list[BulkItem]
    examples: list[JobItem] | msgspec.UnsetType = msgspec.UNSET


class Outcome(msgspec.Struct, frozen=True):
    """What became of one row."""

    job_id: int | None
    error: RowError | None = None


def error_of(error: FoliotError) -> RowError:
    errors = error.errors if isinstance(error, Invalid) else []
    return RowError(status=ERROR_CODES[error.code].status, code=error.code, detail=str(error), errors=errors)


def counted(rows: list[BulkItem]) -> BulkResult:
    """The result of rows that were done or failed."""
    failed = sum(row.error is not msgspec.UNSET for row in rows)
    return BulkResult(matched=len(rows), done=len(rows) - failed, failed=failed, results=rows)


def undone(rows: list[BulkItem]) -> BulkResult:
    """The result of rows of which none was done."""
    return msgspec.structs.replace(counted(rows), done=0)


def row_of(index: int | None, outcome: Outcome, job_key: str | None = None) -> BulkItem:
    return BulkItem(
        index=index, job_id=msgspec.UNSET if outcome.job_id is None else outcome.job_id,
        job_key=msgspec.UNSET if job_key is None else job_key,
        error=msgspec.UNSET if outcome.error is None else outcome.error,
    )  # fmt: skip
