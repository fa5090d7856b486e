"""Unsettled: the deliveries of this worker that are neither acked nor lost.

Each is to end in an ack within its hold time. The broker sends no further messages to a worker whose prefetch is full
of deliveries that never end, so such a worker says that it is not ready.
"""

from __future__ import annotations

from typing import Protocol

from foliot.common.clock import Clock

SETTLES_WITHIN = 15.0
"""Seconds beyond the hold time after which a delivery counts as stuck: hand-backs of a full inbox take some of them."""


class Acks(Protocol):
    """The part of a delivery that settles it."""

    @property
    def lost(self) -> bool: ...

    async def ack(self) -> None: ...


class Receipt:
    """One delivery, which leaves `Unsettled` with its ack."""

    __slots__ = ("_delivery", "_others", "received_at")

    def __init__(self, delivery: Acks, received_at: float, others: dict[Receipt, None]) -> None:
        self._delivery = delivery
        self._others = others
        self.received_at = received_at

    @property
    def lost(self) -> bool:
        """True once the broker has taken the message back with its channel."""
        return self._delivery.lost

    async def ack(self) -> None:
        """Ack; whether the broker hears it or delivers the message again, this delivery has ended."""
        self._others.pop(self, None)
        await self._delivery.ack()


class Unsettled:
    """The deliveries that have not ended, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._receipts: dict[Receipt, None] = {}

    def receive(self, delivery: Acks) -> Receipt:
        """Take note of a delivery; its receipt acks it."""
        receipt = Receipt(delivery, self._clock.elapsed(), self._receipts)
        self._receipts[receipt] = None
        return receipt

    def oldest_age(self) -> float:
        """Seconds for which the oldest delivery that is not lost has been here; 0 without any."""
        while self._receipts and next(iter(self._receipts)).lost:
            self._receipts.pop(next(iter(self._receipts)))
        oldest = next(iter(self._receipts), None)
        return 0.0 if oldest is None else self._clock.elapsed() - oldest.received_at

    def stuck(self, hold_seconds: float) -> str | None:
        """The reason why a worker with such deliveries is not ready, None if all is well."""
        age = self.oldest_age()
        if age <= hold_seconds + SETTLES_WITHIN:
            return None
        return f"a delivery has been neither run nor handed back for {age:.0f} s ({len(self._receipts)} are here)"
