"""The dispatcher's memory of what the broker has not confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from foliot.common.broker.guard import Down, Rejected
from foliot.common.broker.topology import Queue
from foliot.common.clock import SystemClock
from foliot.common.model.execution import Handout
from foliot.scheduler.dispatcher import Dispatcher
from foliot.scheduler.windows import Windows

TIME = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Broker:
    """Knows the queues that were declared. `may_answer` holds back every confirm."""

    def __init__(self) -> None:
        self.queues = {"pending_jobs"}
        self.away: set[str] = set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.tried: list[str] = []

    async def publish(self, queue: str, body: bytes, message_id: str) -> None:
        self.tried.append(message_id)
        await self.may_answer.wait()
        if queue in self.away:
            raise Down("away")
        if queue not in self.queues:
            raise Rejected("no such queue")

    async def declare(self, queues: Iterable[Queue]) -> None:
        self.queues |= {queue.name for queue in queues}

    async def rebuild(self, queue: Queue) -> None:
        raise AssertionError("nothing is wedged")


def dispatcher(broker: Broker) -> Dispatcher:
    return Dispatcher(broker, Windows(), {"default"}, SystemClock())


def handout(execution_id: int, pool: str = "default") -> Handout:
    return Handout(execution_id, 7, TIME, 1, pool, 0, TIME)


async def test_what_is_being_sent_again_still_counts_as_unconfirmed() -> None:
    broker = Broker()
    made = dispatcher(broker)
    broker.away = {"pending_jobs"}
    made.send([handout(1)])
    made.send([handout(2)])
    await made.close(grace=5)
    broker.may_answer.clear()
    resending = asyncio.create_task(made.resend())
    while len(broker.tried) < 3:
        await asyncio.sleep(0)
    assert made.unconfirmed == 2
    resending.cancel()
    await asyncio.wait({resending})
    assert made.unconfirmed == 2


async def test_a_queue_in_trouble_does_not_hold_up_the_others() -> None:
    broker = Broker()
    made = dispatcher(broker)
    broker.away = {"pending_jobs", "pending_jobs.gpu"}
    made.send([handout(1, "gpu")])
    await made.close(grace=5)
    made.send([handout(2)])
    await made.close(grace=5)
    broker.away = {"pending_jobs.gpu"}
    for _ in range(2):
        await made.resend()
    await made.close(grace=5)
    assert made.unconfirmed == 1


async def test_a_queue_that_somebody_deleted_is_declared_again() -> None:
    broker = Broker()
    made = dispatcher(broker)
    made.send([handout(1, "gpu")])
    await made.close(grace=5)
    broker.queues.discard("pending_jobs.gpu")
    made.send([handout(2, "gpu")])
    await made.close(grace=5)
    assert made.unconfirmed == 1
    await made.resend()
    assert made.unconfirmed == 0
