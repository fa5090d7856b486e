"""Operations: bulk changes of more jobs than one transaction takes, done in chunks by any API process.

A chunk is one transaction: its rows, its jobs and its progress are committed together. So a process that dies leaves
nothing half done, and whichever process takes the next chunk goes on exactly there. The chunk is claimed by a lock that
ends with its transaction; there is no lease that somebody would have to wait for. See docs/adr/0025-bulk.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from foliot.api import events
from foliot.api.bulk.actions import Arguments, act, fitting
from foliot.api.bulk.applying import make
from foliot.api.bulk.plan import Planned
from foliot.api.bulk.results import Outcome
from foliot.api.jobs.definition import decode, definition_of
from foliot.api.queries.operations import NewOperation, NewRow, OperationRow, Work, WorkRow
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Principal, Role
from foliot.api.web.callers import Caller
from foliot.api.web.open_change import OpenChange
from foliot.common.errors import Unavailable
from foliot.common.ledger.again import again

CHUNK = 500
"""Rows of one transaction at most; fewer if their payloads are large."""
LOOK_EVERY = 1.0
"""Seconds between two looks for operations that another process left behind."""
_LOOKED_AT = 20
_INSERTED_AT_ONCE = 1_000
REVOKED = "the key that asked for it is revoked or expired"
_log = structlog.get_logger()


async def begin(
    change: OpenChange, action: str, arguments: Arguments, rows: Sequence[Planned], *, of_set: str | None = None
) -> OperationRow:
    """Write down what is to be done. A row of an action is a Planned with nothing but its job_id."""
    caller, principal = change.caller, change.principal
    new = NewOperation(
        principal.user_id, principal.team_id, principal.key_id, action, of_set, arguments, len(rows),
        caller.ip_address, caller.user_agent, caller.request_id, caller.traceparent,
    )  # fmt: skip
    operation = await change.unit.operations.insert_operation(new)
    for begins in range(0, len(rows), _INSERTED_AT_ONCE):
        part = enumerate(rows[begins : begins + _INSERTED_AT_ONCE], begins)
        await change.unit.operations.insert_rows(operation.operation_id, [_row(index, one) for index, one in part])
    told = {"action": action, "set": of_set, "matched": len(rows)}
    await change.audit("START_OPERATION", "OPERATION", operation.operation_id, new=told, team_id=operation.team_id)
    return operation


def _row(index: int, one: Planned) -> NewRow:
    return {
        "index": index, "job_id": one.job_id, "job_key": one.job_key,
        "change": None if one.change == "same" else one.change, "version": one.version,
        "definition": None if one.definition is None else definition_of(one.definition),
    }  # fmt: skip


class OperationRunner:
    """A duty of each API process."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def step(self) -> float | None:
        """A chunk of each operation under way that no other process is at. Gives 0 if there was one."""
        async with self._database.session() as unit:
            running = await unit.operations.select_running(_LOOKED_AT)
        worked = [await self._advance(operation_id) for operation_id in running]
        return 0.0 if any(worked) else None

    async def _advance(self, operation_id: int) -> bool:
        try:
            return await self.chunk(operation_id)
        except Unavailable:
            raise
        except Exception as error:  # what cannot be done now cannot be done later: it must not be tried for ever
            _log.error(events.OPERATION_FAILED, operation_id=operation_id, error=type(error).__name__)
            async with self._database.session() as unit:
                await unit.operations.end_operation(operation_id, "STOPPED", "a fault of Foliot: see the log")
            return True

    @again
    async def chunk(self, operation_id: int) -> bool:
        """Do the next rows. False if another process is at it, or if it has ended."""
        async with self._database.transaction() as unit:
            if not await unit.operations.lock_operation(operation_id):
                return False
            work = await unit.operations.select_work(operation_id)
            if work is None:
                return False
            if work.role is None:
                await unit.operations.end_operation(operation_id, "STOPPED", REVOKED)
                return True
            rows = await unit.operations.take_rows(operation_id, work.next_index, CHUNK)
            change = OpenChange(_caller(work, work.role), unit)
            rows = rows[: await fitting(unit, [row.job_id for row in rows], change.principal.scope)]
            outcomes = await _done(change, work, rows)
            indexes, job_ids = [row.index for row in rows], [one.job_id for one in outcomes]
            errors = [None if one.error is None else msgspec.to_builtins(one.error) for one in outcomes]
            await unit.operations.record_rows(operation_id, indexes, job_ids, errors)
            failed = sum(error is not None for error in errors)
            following = work.next_index + len(rows) if rows else work.matched
            await unit.operations.advance_operation(operation_id, following, len(rows) - failed, failed)
        change.log_done()
        return True


def _caller(work: Work, role: str) -> Caller:
    """Its changes are its key's, as if each were a request of its own."""
    return Caller(
        principal=Principal(work.key_id, work.user_id, work.team_id, Role[role.upper()]), request_id=work.request_id,
        traceparent=work.traceparent, ip_address=work.ip_address, user_agent=work.user_agent or "",
    )  # fmt: skip


async def _done(change: OpenChange, work: Work, rows: Sequence[WorkRow]) -> list[Outcome]:
    if work.action != "apply":
        return await act(change, work.action, work.arguments, [row.job_id or 0 for row in rows])
    return await make(change, work.set or "", [_planned(row) for row in rows])


def _planned(row: WorkRow) -> Planned:
    definition = None if row.definition is None else decode(row.definition)
    return Planned(
        change=row.change or "same", job_id=row.job_id, job_key=row.job_key, version=row.version, definition=definition
    )
