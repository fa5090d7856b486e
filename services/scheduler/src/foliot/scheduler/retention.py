"""Retention: data is removed when its time has passed, rows in small batches, history by whole months."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from foliot.common.ledger.again import again
from foliot.common.ledger.audit_logs import FOLIOT, AuditEntry
from foliot.common.ledger.months import Month, drop_month
from foliot.scheduler import events, metrics
from foliot.scheduler.unit import Unit, UnitsOfWork

ROWS_PER_BATCH = 500
"""Most rows of one kind that one transaction removes: it holds their locks only briefly."""
OPERATIONS_PER_BATCH = 5
"""Each goes with its rows, up to 100,000."""
TERMS_KEPT = 1_000
"""The newest terms that stay in leader_terms; older ones are removed. A term is one failover."""
NEXT_BATCH_AFTER = 0.2
"""Seconds between two batches while more rows are to be removed. The pause leaves PostgreSQL to the work."""
_log = structlog.get_logger()


class RetentionPeriods(msgspec.Struct, frozen=True, kw_only=True):
    """How long each kind of data is kept, in the unit that its name ends in. Months are whole calendar months."""

    executions_months: int
    audit_logs_months: int
    job_versions_months: int
    jobs_days: int
    dead_letters_days: int
    idempotency_keys_hours: int
    operations_days: int


class Expirer:
    """Removes expired data, under one term. `maintenance` logs in as the owner of the partitioned tables; without it
    no month is dropped."""

    INTERVAL = 600.0
    """Seconds between two looks when nothing more is to be removed. The periods are hours at least."""

    def __init__(
        self, database: UnitsOfWork, term: int, periods: RetentionPeriods, maintenance: UnitsOfWork | None
    ) -> None:
        self._database = database
        self._term = term
        self._periods = periods
        self._maintenance = maintenance
        self._warned = False

    async def step(self) -> float | None:
        """Remove one batch of each kind of row, and all expired months. Gives the seconds until the next batch, None if
        nothing more is to be removed.

        Raises Fenced if the term has passed, Unavailable if PostgreSQL is away.
        """
        async with self._database.session() as unit:
            now = await unit.server.select_now()
        more = await self.remove_rows(now)
        await self.expire_months(now)
        return NEXT_BATCH_AFTER if more else None

    async def remove_rows(self, now: datetime) -> bool:
        """Remove one batch of each kind of row. True if there may be more."""
        finished_before = now - timedelta(days=self._periods.jobs_days)
        letters_before = now - timedelta(days=self._periods.dead_letters_days)
        versions_before = months_before(now, self._periods.job_versions_months)
        answers_before = now - timedelta(hours=self._periods.idempotency_keys_hours)
        operations_before = now - timedelta(days=self._periods.operations_days)
        removals: dict[str, Callable[[Unit], Awaitable[int]]] = {
            "jobs": lambda unit: unit.retention.delete_finished_jobs(finished_before, ROWS_PER_BATCH),
            "job_versions": lambda unit: unit.retention.delete_versions(versions_before, ROWS_PER_BATCH),
            "dead_letters_open": lambda unit: unit.retention.expire_letters(letters_before, ROWS_PER_BATCH),
            "dead_letters": lambda unit: unit.retention.delete_letters(letters_before, ROWS_PER_BATCH),
            "idempotency_keys": lambda unit: unit.retention.delete_answers(answers_before, ROWS_PER_BATCH),
            "operations": lambda unit: unit.retention.delete_operations(operations_before, OPERATIONS_PER_BATCH),
            "leader_terms": lambda unit: unit.retention.delete_terms(TERMS_KEPT, ROWS_PER_BATCH),
        }
        counts = [await self._remove(kind, remove) for kind, remove in removals.items()]
        return ROWS_PER_BATCH in counts

    @again
    async def _remove(self, kind: str, remove: Callable[[Unit], Awaitable[int]]) -> int:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            count = await remove(unit)
        if count:
            metrics.EXPIRED_ROWS.labels(kind).inc(count)
            _log.info(events.ROWS_EXPIRED, table=kind, count=count)
        return count

    async def expire_months(self, now: datetime) -> int:
        """Drop the months that lie wholly before their retention period. Gives how many were dropped."""
        if self._maintenance is None:
            if not self._warned:
                _log.warning(events.MONTHS_KEPT, remedy="set FOLIOT_MAINTENANCE_DATABASE_URL")
            self._warned = True
            return 0
        floor = await self._close(months_before(now, self._periods.executions_months))
        dropped = await self._drop("executions", floor)
        return dropped + await self._drop("audit_logs", months_before(now, self._periods.audit_logs_months))

    @again
    async def _close(self, before: datetime) -> datetime:
        """Close the months before a time: from here on nobody writes a tick into them. Gives the floor of history."""
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
        """Drop one month unless it holds open executions. Gives how many were dropped, 0 or 1."""
        assert self._maintenance is not None
        async with self._maintenance.session() as unit:
            if parent == "executions" and await unit.months.is_month_open(month.month):
                _log.warning(events.MONTH_OPEN, month=month.month)
                return 0
            await drop_month(unit.session, month)
        await self._audit_drop(month)
        metrics.EXPIRED_MONTHS.labels(parent).inc()
        _log.info(events.MONTH_EXPIRED, month=month.month)
        return 1

    @again
    async def _audit_drop(self, month: Month) -> None:
        async with self._database.transaction() as unit:
            await unit.terms.hold_term(self._term)
            await unit.audit_logs.insert_audit(
                AuditEntry(
                    user_id=FOLIOT,
                    action="EXPIRE_MONTH",
                    resource_type="PARTITION",
                    resource_id=_year_and_month(month.month),
                    new_value={"month": month.month},
                )
            )


def _year_and_month(partition: str) -> int:
    """202611 for `executions_2026_11`: the audit log names a resource by a number."""
    return int(partition[-7:].replace("_", ""))


def months_before(now: datetime, months: int) -> datetime:
    """The start of the calendar month that lies `months` before that of `now`: earlier months are dropped whole."""
    month = now.year * 12 + now.month - 1 - months
    return now.replace(year=month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
