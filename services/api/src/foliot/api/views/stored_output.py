"""The stored output of an attempt from a byte on, so that a reader goes on where it stopped."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from foliot.api.queries.history import ExecutionWithLogs
from foliot.common.model.states import ExecutionStatus


class OutputQuery(msgspec.Struct, frozen=True, kw_only=True):
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    raw: Literal["", "true", "false"] = "false"


class StoredOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The output of an attempt from `offset` on. An attempt that has not ended has none yet."""

    execution_id: int
    status: ExecutionStatus
    logs: str
    offset: int
    next_offset: int
    complete: bool


def stored_output(execution: ExecutionWithLogs, offset: int) -> StoredOutput:
    """Bytes are counted in the stored UTF-8. An offset within a character moves to its first byte."""
    text = (execution.logs or "").encode()
    start = min(offset, len(text))
    while 0 < start < len(text) and text[start] & 0xC0 == 0x80:
        start -= 1
    return StoredOutput(
        execution_id=execution.execution_id,
        status=ExecutionStatus(execution.status),
        logs=text[start:].decode(),
        offset=start,
        next_offset=len(text),
        complete=execution.end_time is not None,
    )
