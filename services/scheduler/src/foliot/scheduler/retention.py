"""Retention: what its time has passed for is removed, rows in small batches, history by whole months."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.months import Month, drop_month
from foliot.scheduler import events, metrics
from foliot.scheduler.unit import Unit, UnitsOfWork

BATCH = 500
TERMS_KEPT = 1_000
INTERVAL = 600.0
SOON = 0.2
_log = structlog.get_logger()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept."""

    executions_months: int = 12
    audit_logs_months: int = 24
    jobs_days: int = 30
    dead_letters_days: int = 90
    idempotency_keys_hours: int = 24


class Retention:
    """One leader's retention. `maintenance` logs in as the owner of the partitioned tables; without it months stay."""

    def __init__(self, database: UnitsOfWork, term: int, kept: Kept, maintenance: UnitsOfWork | None) -> None:
        self._database = database
        self._term = term
        self._kept = kept
        self._maintenance = maintenance
        self._told = False

    async def step(self) -> float:
        """One batch of each kind; gives the seconds until the next is worth asking for."""
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        full = await self.remove_rows(now)
        await self.expire_months(now)
        return SOON if full else INTERVAL

    async def remove_rows(self, now: datetime) -> bool:
        """Whether more is left to remove."""
        kept = self._kept
        letters = now - timedelta(days=kept.dead_letters_days)
        counts = [
            await self._remove("jobs", lambda unit: unit.retention.delete_finished_jobs(
                now - timedelta(days=kept.jobs_days), BATCH)),
            await self._remove("dead_letters_open", lambda unit: unit.retention.expire_letters(letters, BATCH)),
            await self._remove("dead_letters", lambda unit: unit.retention.delete_letters(letters, BATCH)),
            await self._remove("idempotency_keys", lambda unit: unit.retention.delete_answers(
                now - timedelta(hours=kept.idempotency_keys_hours), BATCH)),
            await self._remove("leader_terms", lambda unit: unit.retention.delete_terms(TERMS_KEPT, BATCH)),
        ]  # fmt: skip
        return BATCH in counts

    async def _remove(self, what: str, remove: Callable[[Unit], Awaitable[int]]) -> int:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            count = await remove(unit)
        if count:
            metrics.EXPIRED_ROWS.labels(what).inc(count)
            _log.info(events.ROWS_EXPIRED, table=what, count=count)
        return count

    async def expire_months(self, now: datetime) -> int:
        """Months that lie wholly before the time kept; gives how many were dropped."""
        if self._maintenance is None:
            if not self._told:
                _log.warning(events.MONTHS_KEPT, remedy="set FOLIOT_MAINTENANCE_DATABASE_URL")
            self._told = True
            return 0
        floor = await self._close(months_before(now, self._kept.executions_months))
        dropped = await self._drop("executions", floor)
        return dropped + await self._drop("audit_logs", months_before(now, self._kept.audit_logs_months))

    async def _close(self, before: datetime) -> datetime:
        """Closed first: from here on nobody writes a tick of those months."""
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            return await unit.months.close_months(before)

    async def _drop(self, parent: str, before: datetime) -> int:
        async with self._database.session() as unit:
            closed = await unit.months.select_closed_months(parent, before)
        dropped = 0
        for month in closed:
            dropped += await self._drop_one(parent, month)
        return dropped

    async def _drop_one(self, parent: str, month: Month) -> int:
        assert self._maintenance is not None
        async with self._maintenance.session() as unit:
            if parent == "executions" and await unit.months.is_month_open(month.month):
                _log.warning(events.MONTH_OPEN, month=month.month)
                return 0
            await drop_month(unit.session, month)
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.audit_logs.insert_audit(
                AuditEntry(
                    user_id=FOLIOT, action="EXPIRE_MONTH", resource_type="PARTITION",
                    resource_id=int(month.month[-7:].replace("_", "")), new_value={"month": month.month},
                )
            )  # fmt: skip
        metrics.EXPIRED_MONTHS.labels(parent).inc()
        _log.info(events.MONTH_EXPIRED, month=month.month)
        return 1


def months_before(now: datetime, months: int) -> datetime:
    """The first instant of the oldest month of which something is younger than so many months."""
    month = now.year * 12 + now.month - 1 - months
    return now.replace(year=month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
