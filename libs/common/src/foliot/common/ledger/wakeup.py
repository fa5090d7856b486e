"""The wake-up of the scheduler: one NOTIFY a batch of changes, in the transaction of the change."""

from __future__ import annotations

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement

CHANNEL = "foliot_wake"
_NOTIFY = Statement("notify_wake", f"SELECT pg_notify('{CHANNEL}', '')")


async def wake_scheduler(session: Session) -> None:
    """The leader looks again when this transaction commits."""
    await session.value(_NOTIFY)
