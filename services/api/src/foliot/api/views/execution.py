"""An attempt as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.views.served import Fleet
from foliot.api.web.auth import Principal, Role
from foliot.common.model.execution import Execution
from foliot.common.model.hidden import without_secrets
from foliot.common.model.states import ExecutionStatus, Trigger


class ExecutionView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. `reason`: why one that waits cannot start as things are; null if nothing but its turn is in its
    way."""

    execution_id: int
    job_id: int
    job_name: str | None
    job_key: str | None
    worker_id: str | None
    status: ExecutionStatus
    scheduled_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    duration_ms: int | None
    exit_code: int | None
    http_status: int | None
    error_message: str | None
    attempt_number: int
    trigger: Trigger
    job_version: int | None
    cancel_requested_at: datetime | None
    skipped_count: int | None
    skipped_until: datetime | None
    created_at: datetime
    pool: str
    reason: str | None


class ExecutionWithLogsView(ExecutionView, frozen=True, kw_only=True):
    """One attempt with the first and last part of its output, and the payload that it ran with."""

    logs: str | None
    payload: dict[str, Any] | None


class ExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of attempts. It may hold fewer than `limit` and still have a next one."""

    items: list[ExecutionView]
    next_cursor: str | None


_AS_STORED = tuple(name for name in ExecutionView.__struct_fields__ if name != "reason")


def shown_execution(execution: Execution, fleet: Fleet) -> ExecutionView:
    return ExecutionView(**_members(execution, fleet))


def shown_with_logs(execution: ExecutionWithLogs, principal: Principal, fleet: Fleet) -> ExecutionWithLogsView:
    """Values of the payload that look secret are for those alone who may change the job."""
    payload = execution.payload if principal.role >= Role.OPERATOR else without_secrets(execution.payload)
    return ExecutionWithLogsView(**_members(execution, fleet), logs=execution.logs, payload=payload)


def _members(execution: Execution, fleet: Fleet) -> dict[str, Any]:
    waits = execution.status == ExecutionStatus.QUEUED
    lack = fleet.lacks(execution.pool, execution.datasource) if waits else None
    members = {name: getattr(execution, name) for name in _AS_STORED}
    return {**members, "reason": None if lack is None else lack.message}
