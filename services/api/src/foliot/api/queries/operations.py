"""Operations: bulk changes that are done in chunks, with their rows and their progress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

import msgspec

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statements

ChangeName = Literal["create", "change", "same", "delete", "conflict"]
"""What an apply does to a job."""
OperationStatus = Literal["RUNNING", "COMPLETED", "CANCELLED", "STOPPED"]


class OperationRow(msgspec.Struct, frozen=True):
    """A bulk change of more jobs than one transaction takes, done in chunks."""

    operation_id: int
    user_id: int
    team_id: int | None
    key_id: int
    action: str
    set: str | None
    status: OperationStatus
    reason: str | None
    matched: int
    done: int
    failed: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class NewOperation(msgspec.Struct, frozen=True):
    """The fields are the arguments of insert_operation, in their order."""

    user_id: int
    team_id: int | None
    key_id: int
    action: str
    set: str | None
    arguments: dict[str, Any]
    matched: int
    ip_address: str | None
    user_agent: str | None
    request_id: str
    traceparent: str | None


class NewRow(TypedDict):
    """A row as JSON."""

    index: int
    job_id: int | None
    job_key: str | None
    change: ChangeName | None
    version: int | None
    definition: dict[str, Any] | None


class Work(msgspec.Struct, frozen=True):
    """An operation as it goes on. `role`: of its key, None if that is no longer valid."""

    user_id: int
    team_id: int | None
    key_id: int
    action: str
    set: str | None
    arguments: dict[str, Any]
    matched: int
    next_index: int
    ip_address: str | None
    user_agent: str | None
    request_id: str
    traceparent: str | None
    role: str | None


class WorkRow(msgspec.Struct, frozen=True):
    """A row that is to be done."""

    index: int
    job_id: int | None
    job_key: str | None
    change: ChangeName | None
    version: int | None
    definition: dict[str, Any] | None


class DoneRow(msgspec.Struct, frozen=True):
    """A row that is done, or failed."""

    index: int
    job_id: int | None
    job_key: str | None
    change: ChangeName | None
    error: dict[str, Any] | None


SQL = Statements(
    "foliot.api.queries", "operations.sql",
    rows={
        "insert_operation": OperationRow, "select_work": Work, "take_rows": WorkRow, "end_operation": OperationRow,
        "select_operation": OperationRow, "list_operations": OperationRow, "list_owned_operations": OperationRow,
        "list_rows": DoneRow,
    },
)  # fmt: skip


class Operations:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def insert_operation(self, new: NewOperation) -> OperationRow:
        made: OperationRow = await self._session.read_one(SQL.insert_operation, *msgspec.structs.astuple(new))
        return made

    async def insert_rows(self, operation_id: int, rows: Sequence[NewRow]) -> None:
        await self._session.execute(SQL.insert_rows, operation_id, rows)

    async def select_running(self, limit: int) -> list[int]:
        return await self._session.column(SQL.select_running, limit)

    async def lock_operation(self, operation_id: int) -> bool:
        answer: bool = await self._session.value(SQL.lock_operation, operation_id)
        return answer

    async def select_work(self, operation_id: int) -> Work | None:
        found: Work | None = await self._session.read_one(SQL.select_work, operation_id)
        return found

    async def take_rows(self, operation_id: int, first: int, limit: int) -> list[WorkRow]:
        return await self._session.read(SQL.take_rows, operation_id, first, limit)

    async def record_rows(
        self, operation_id: int, indexes: Sequence[int], job_ids: Sequence[int | None], errors: Sequence[Any]
    ) -> None:
        await self._session.execute(SQL.record_rows, operation_id, list(indexes), list(job_ids), list(errors))

    async def advance_operation(self, operation_id: int, next_index: int, done: int, failed: int) -> None:
        await self._session.execute(SQL.advance_operation, operation_id, next_index, done, failed)

    async def end_operation(
        self, operation_id: int, status: OperationStatus, reason: str | None, owner: int | None = None
    ) -> OperationRow | None:
        """None if it has ended, or is somebody else's."""
        ended: OperationRow | None = await self._session.read_one(
            SQL.end_operation, operation_id, status, reason, owner
        )
        return ended

    async def select_operation(self, operation_id: int, owner: int | None) -> OperationRow | None:
        found: OperationRow | None = await self._session.read_one(SQL.select_operation, operation_id, owner)
        return found

    async def list_operations(self, before: int, limit: int) -> list[OperationRow]:
        return await self._session.read(SQL.list_operations, before, limit)

    async def list_owned_operations(self, before: int, limit: int, owner: int) -> list[OperationRow]:
        return await self._session.read(SQL.list_owned_operations, before, limit, owner)

    async def list_rows(self, operation_id: int, first: int, limit: int) -> list[DoneRow]:
        return await self._session.read(SQL.list_rows, operation_id, first, limit)
