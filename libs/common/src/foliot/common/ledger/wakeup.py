"""The wake-up of the scheduler: one NOTIFY per batch of changes, in their transaction."""

from __future__ import annotations

from foliot.common.ledger.postgres import Session
from foliot.common.ledger.statements import Statement

CHANNEL = "foliot_wake"
_NOTIFY = Statement("notify_wake", f"SELECT pg_notify('{CHANNEL}', '')")


async def wake_scheduler(session: Session) -> None:
    """Wake the leader when this transaction commits."""
    await session.value(_NOTIFY)
