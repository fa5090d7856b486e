"""Operations of the installation: its processes, its keys, and the log of changes."""

from __future__ import annotations

from foliot.api import keys
from foliot.api.handlers.api_keys import ApiKeyHandlers
from foliot.api.handlers.audit_logs import AuditLogHandlers, AuditLogList
from foliot.api.handlers.workers import SchedulerList, WorkerHandlers, WorkerList
from foliot.api.keys import ApiKeyWithSecretView, KeyList, KeyQuery, NewKey
from foliot.api.queries.api_keys import ApiKeyRow
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation
from foliot.api.web.pages import PageQuery

OPERATIONS = (
    Operation(
        method="GET", path="/v1/workers", id="listWorkers", handler=WorkerHandlers.workers, role=Role.VIEWER,
        summary="List the living workers",
        answers={200: WorkerList},
    ),
    Operation(
        method="GET", path="/v1/schedulers", id="listSchedulers", handler=WorkerHandlers.schedulers, role=Role.VIEWER,
        summary="List the living schedulers, and which one leads",
        answers={200: SchedulerList},
    ),
    Operation(
        method="GET", path="/v1/api-keys", id="listKeys", handler=ApiKeyHandlers.page, role=Role.ADMIN,
        summary="List the keys of the team; for an admin without a team all keys",
        answers={200: KeyList},
    ),
    Operation(
        method="POST", path="/v1/api-keys", id="createKey", handler=ApiKeyHandlers.create, role=Role.ADMIN,
        summary="Make a key",
        note="The key itself is in this answer alone; a repeated answer (Idempotency-Key) is without it.",
        body=Body(NewKey, keys.decode), answers={201: ApiKeyWithSecretView}, idempotent=True,
    ),
    Operation(
        method="DELETE", path="/v1/api-keys/{key_id}", id="revokeKey", handler=ApiKeyHandlers.revoke, role=Role.ADMIN,
        summary="Revoke a key",
        note="It is refused within a second.",
        query=KeyQuery, answers={200: ApiKeyRow}, errors=("last_admin_key",), idempotent=True,
    ),
    Operation(
        method="GET", path="/v1/audit-logs", id="listAuditLogs", handler=AuditLogHandlers.page, role=Role.ADMIN,
        summary="List every change and who made it, newest first",
        query=PageQuery, answers={200: AuditLogList}, headers=("X-Foliot-Staleness",),
    ),
)  # fmt: skip
