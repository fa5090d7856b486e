"""Composition root of a worker."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from foliot.common.broker.consuming import Consumer
from foliot.common.broker.link import Link
from foliot.common.broker.publishing import Publisher
from foliot.common.broker.topology import PRIORITIES, queue_name, topology
from foliot.common.clock import SystemClock
from foliot.common.ledger.database import Database
from foliot.common.ledger.schema import await_schema, why_not_ready
from foliot.common.ledger.workers import Offer
from foliot.common.process import lifecycle
from foliot.common.process.admin import admin_app, listen
from foliot.common.process.periodic import periodic
from foliot.worker import metrics
from foliot.worker.claimer import Claimer
from foliot.worker.config import Config
from foliot.worker.handback import HAND_BACK_EVERY, HandBack
from foliot.worker.heartbeat import CHECK_EVERY, Heartbeat
from foliot.worker.inbox import Inbox
from foliot.worker.intake import Intake
from foliot.worker.lease import Lease
from foliot.worker.recorder import Recorder
from foliot.worker.repertoire import Repertoire, open_repertoire
from foliot.worker.runner import Runner
from foliot.worker.running import Running
from foliot.worker.unit import Unit
from foliot.worker.unsettled import Unsettled

POOL_SIZE = 6
"""Connections to PostgreSQL: claim, record, heartbeat, hand-back and readiness use one each at a time; one is spare."""
DRAIN = 5.0
"""Seconds that a stop waits for results to be recorded. After them the attempts are rescued like those of a crash."""


async def run(config: Config, stop: asyncio.Event) -> None:
    """Run one worker until `stop` is set.

    It stops in this order: it is not ready, takes no more deliveries, hands back those that wait, gives running
    attempts their grace, records results, and ends the heartbeat last. Raises ConfigError for data sources that make no
    sense.
    """
    clock = SystemClock()
    metrics.initialise(config.worker_id)
    metrics.SLOTS.set(config.worker_slots)
    claimable = asyncio.Event()
    lease, running = Lease(clock, config.lease_seconds), Running(config.worker_slots, claimable)
    inbox, unsettled = Inbox(len(PRIORITIES), clock, claimable), Unsettled(clock)
    ranks = {queue_name(pool, cls): rank for pool in config.worker_pools for rank, cls in enumerate(PRIORITIES)}
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(config.database_url, Unit, size=POOL_SIZE, name="primary"))
        queues = topology(config.worker_pools)
        consuming = Link(config.amqp_url, name=f"{config.worker_id}-consume", clock=clock, queues=lambda: queues)
        publishing = Link(config.amqp_url, name=f"{config.worker_id}-publish", clock=clock, queues=lambda: queues)
        stack.push_async_callback(publishing.drop)
        stack.push_async_callback(consuming.drop)
        executors = await stack.enter_async_context(open_repertoire(config))
        recorder = Recorder(database, running, lease, clock, worker_id=config.worker_id)
        runner = Runner(executors.by_job_type, running, recorder, lease, clock)
        claimer = Claimer(
            database, inbox, running, lease, clock,
            claimable=claimable, worker_id=config.worker_id, start=runner.start,
        )  # fmt: skip
        hand_back = HandBack(database, inbox, hold_seconds=config.hold_seconds)
        heartbeat = Heartbeat(
            database, lease, running, inbox, clock,
            claimable=claimable, offer=_offer(config, executors), on_extended=executors.extend,
        )  # fmt: skip
        consumer = Consumer(
            consuming, queues=list(ranks), prefetch=max(10, config.worker_slots),
            on_delivery=Intake(inbox, unsettled, Publisher(publishing), ranks, clock), clock=clock,
        )  # fmt: skip

        async def readiness() -> tuple[str | None, dict[str, Any]]:
            reason = await why_not_ready(database, stop)
            if reason is None and not lease.holds:
                reason = "no heartbeat reached PostgreSQL"
            if reason is None and not consumer.subscribed.is_set():
                reason = "RabbitMQ is away"
            if reason is None:
                reason = unsettled.stuck(config.hold_seconds)
            return reason, {"worker_id": config.worker_id, "running": running.busy}

        await stack.enter_async_context(listen(admin_app(readiness), config.admin_host, config.admin_port, clock))
        await await_schema(database, stop, clock)
        async with asyncio.TaskGroup() as group:
            beating = [
                group.create_task(lifecycle.watch_loop(clock), name="loop-lag"),
                group.create_task(
                    periodic("heartbeat", heartbeat.step, interval=config.heartbeat_seconds, clock=clock),
                    name="heartbeat",
                ),
                group.create_task(periodic("guard", heartbeat.guard, interval=CHECK_EVERY, clock=clock), name="guard"),
                group.create_task(recorder.run(), name="record"),
            ]
            taking = [
                group.create_task(claimer.run(), name="claim"),
                group.create_task(
                    periodic("hand_back", hand_back.step, interval=HAND_BACK_EVERY, clock=clock), name="hand-back"
                ),
            ]
            await consumer.run(stop)
            for task in taking:
                task.cancel()
            await asyncio.wait(taking)  # until its last statement has ended, the outcome of a claim may still change
            await hand_back.stop(claimer.doubtful)
            await runner.stop(config.worker_stop_grace_seconds)
            await recorder.drained(DRAIN)
            for task in beating:
                task.cancel()
        await heartbeat.end()


def _offer(config: Config, executors: Repertoire) -> Offer:
    return Offer(
        worker_id=config.worker_id, pools=config.worker_pools, slots=config.worker_slots,
        datasources=executors.datasources,
    )  # fmt: skip
