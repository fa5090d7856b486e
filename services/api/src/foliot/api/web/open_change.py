"""A change whose transaction is open: who asked for it, and what it has done so far."""

from __future__ import annotations

from typing import Any

import structlog

from foliot.api import events
from foliot.api.queries.unit import Unit
from foliot.api.web.callers import Caller
from foliot.common.ledger.audit_logs import AuditEntry
from foliot.common.ledger.wakeup import wake_scheduler
from foliot.common.model.tracing import trace_id

_log = structlog.get_logger()


class OpenChange:
    """One request that changes something. Whatever it does goes through `unit` and is audited here."""

    def __init__(self, caller: Caller, unit: Unit) -> None:
        self.caller = caller
        self.principal = caller.principal
        self.unit = unit
        self._done: list[tuple[str, str, int]] = []
        self._wakes = True

    def over(self, unit: Unit) -> OpenChange:
        """The same change through another unit of its transaction. What is done there is logged here; the wake-up is
        left to this one, once for all."""
        other = OpenChange(self.caller, unit)
        other._done = self._done
        other._wakes = False
        return other

    async def audit(
        self, action: str, resource_type: str, resource_id: int, *,
        team_id: int | None, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        entry = self.entry(action, resource_type, resource_id, old=old, new=new, team_id=team_id)
        await self.unit.audit_logs.insert_audit(entry)

    def entry(
        self, action: str, resource_type: str, resource_id: int, *,
        team_id: int | None, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None,
    ) -> AuditEntry:  # fmt: skip
        """The audit row, for a statement that writes it together with the change. `team_id`: of the thing, whoever
        changes it, so that its team's admins see the row. It has no default: one that is forgotten goes unnoticed."""
        self.note(action, resource_type, resource_id)
        return AuditEntry(
            user_id=self.principal.user_id, team_id=team_id, action=action, resource_type=resource_type,
            resource_id=resource_id, old_value=old, new_value=new, ip_address=self.caller.ip_address,
            user_agent=self.caller.user_agent, request_id=self.caller.request_id, key_id=self.principal.key_id,
        )  # fmt: skip

    def note(self, action: str, resource_type: str, resource_id: int) -> None:
        """Remember for the log line what a statement audits by itself."""
        self._done.append((action, resource_type, resource_id))

    async def wake(self) -> None:
        """Tell the scheduler, at the commit, that there is something new to plan or to send."""
        if self._wakes:
            await wake_scheduler(self.unit.session)

    def log_done(self) -> None:
        """One line for each thing that was done. Called after the commit: no line reports what was rolled back."""
        for action, resource_type, resource_id in self._done:
            log_change(_log, self.caller, action, resource_type, resource_id)


def log_change(log: Any, caller: Caller, action: str, resource_type: str, resource_id: int) -> None:
    """The log line of one change: who did what to which thing, asked by which request."""
    who = caller.principal
    log.info(
        events.CHANGED, request_id=caller.request_id, trace_id=trace_id(caller.traceparent), action=action,
        user_id=who.user_id, team_id=who.team_id, key_id=who.key_id, **{f"{resource_type.lower()}_id": resource_id},
    )  # fmt: skip
