"""Attempts and deliveries without any server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from foliot.common.broker.messages import Dispatched
from foliot.common.model.retry import RetryPolicy
from foliot.common.model.states import Trigger
from foliot.worker.claimed import Claimed

TIME = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Delivery:
    """A message that counts its acks."""

    lost = False

    def __init__(self) -> None:
        self.acked = 0

    async def ack(self) -> None:
        self.acked += 1


def dispatched(*execution_ids: int) -> list[Dispatched]:
    return [Dispatched(execution_id, round(TIME.timestamp() * 1e6), 7, 1) for execution_id in execution_ids]


def make_claimed(execution_id: int = 1, **changes: Any) -> Claimed:
    given: dict[str, Any] = {
        "execution_id": execution_id,
        "job_id": 7,
        "user_id": 1,
        "team_id": None,
        "scheduled_time": TIME,
        "attempt_number": 1,
        "trigger": Trigger.SCHEDULE,
        "job_type": "script",
        "payload": {},
        "retry_policy": RetryPolicy(),
        "timeout_seconds": 30.0,
        "lateness": 0.0,
        "request_id": None,
        "traceparent": "",
        "claim": 5,
        "settles": False,
    }
    return Claimed(**(given | changes))
