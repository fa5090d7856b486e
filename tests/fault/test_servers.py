"""RabbitMQ and PostgreSQL die, stall, lose and refuse."""

from __future__ import annotations

import asyncio
import os

import aiormq
import pytest

from foliot.common.broker.guard import guard
from support.eventually import eventually

from .conftest import Faults


async def test_rabbitmq_killed_and_restarted(faults: Faults) -> None:
    jobs = await faults.ticking()
    await faults.servers.rabbitmq.kill()
    await faults.servers.rabbitmq.start()
    await faults.completed_since(jobs[0], 3)


async def test_rabbitmq_stalled(faults: Faults) -> None:
    """Until the leader and both workers have found their links dead and could not open others."""
    jobs = await faults.ticking(1)
    names = [await faults.foliot.leader(), *faults.foliot.names("worker")]
    before = {name: len(faults.foliot.logged(name, "rabbitmq_away")) for name in names}
    faults.servers.rabbitmq.pause()

    async def all_found_it() -> None:
        assert [name for name in names if len(faults.foliot.logged(name, "rabbitmq_away")) == before[name]] == []

    await eventually(all_found_it, within=60)
    faults.servers.rabbitmq.resume()
    await faults.completed_since(jobs[0], 3)


@pytest.mark.parametrize("fault", ["delete", "purge"])
async def test_queue_deleted_or_purged(faults: Faults, fault: str) -> None:
    """Its messages are sent again."""
    workers = [faults.foliot.services[name] for name in ("worker-1", "worker-2")]
    for worker in workers:
        await worker.stop()
    job = await faults.foliot.create()
    async with faults.foliot.sql() as sql:

        async def dispatched() -> None:
            assert await sql.fetchval("SELECT dispatched_at FROM executions WHERE job_id = $1", job["job_id"])

        await eventually(dispatched)
    connection = await aiormq.connect(faults.foliot.amqp_url)
    channel = await connection.channel()

    async def filled() -> None:
        declared = await channel.queue_declare("pending_jobs", passive=True)
        assert declared.message_count

    await eventually(filled)
    await (channel.queue_delete("pending_jobs") if fault == "delete" else channel.queue_purge("pending_jobs"))
    await guard(connection.close(), 2)
    for worker in workers:
        await worker.start()
    (ended,) = await faults.foliot.ended(job["job_id"], within=60)
    assert ended["status"] == "COMPLETED"


async def test_a_message_that_nobody_can_read_is_set_aside(faults: Faults) -> None:
    jobs = await faults.ticking(1)
    connection = await aiormq.connect(faults.foliot.amqp_url)
    channel = await connection.channel()
    bodies = [b"", b"nonsense", b'{"type": "from the future"}', b"[" * 100_000, os.urandom(1_000_000)]
    for body in bodies:
        await channel.basic_publish(body, exchange="foliot", routing_key="pending_jobs")

    async def set_aside() -> None:
        declared = await channel.queue_declare("dead_letter_queue", passive=True)
        assert (declared.message_count or 0) >= len(bodies)

    await eventually(set_aside)
    await guard(connection.close(), 2)
    await faults.completed_since(jobs[0], 2)


async def test_the_brokers_consumer_timeout_does_not_touch_long_jobs(faults: Faults) -> None:
    """A delivery is acked once its claim is committed, not when the job ends."""
    ctl = faults.servers.rabbitmqctl_environment

    async def set_timeout(milliseconds: int) -> None:
        setting = f"application:set_env(rabbit, consumer_timeout, {milliseconds})."
        process = await asyncio.create_subprocess_exec(
            "/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "eval", setting, env=ctl
        )
        assert await process.wait() == 0

    await set_timeout(3_000)
    try:
        execution = await faults.long_script(seconds=6)
        (ended,) = await faults.foliot.ended(execution["job_id"])
        assert (ended["status"], ended["attempt_number"]) == ("COMPLETED", 1)
    finally:
        await set_timeout(1_800_000)


async def test_postgres_killed_and_restarted(faults: Faults) -> None:
    jobs = await faults.ticking()
    for _ in range(3):
        await faults.servers.postgres.kill()
        await faults.servers.postgres.start()
        await faults.completed_since(jobs[0], 2, within=20)


async def test_backends_terminated_again_and_again(faults: Faults) -> None:
    """Each time somebody has connected again."""
    jobs = await faults.ticking()
    terminated: list[int] = []
    async with faults.foliot.sql() as sql:

        async def terminate_others() -> None:
            found = await sql.fetch(
                """SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE usename LIKE 'foliot\\_%' AND pid <> ALL($1::int[])""", terminated,
            )  # fmt: skip
            assert found
            terminated.extend(row["pid"] for row in found)

        for _ in range(40):
            await eventually(terminate_others)
    await faults.completed_since(jobs[0], 3)


async def test_answers_of_commits_are_lost(faults: Faults) -> None:
    """Bytes from PostgreSQL stop, then the connections end: what was committed unknown to anybody is neither lost nor
    done twice."""
    jobs = await faults.ticking()
    proxies = [faults.foliot.proxies[name]["postgres"] for name in faults.foliot.proxies if not name.startswith("api")]
    for _ in range(6):
        for proxy in proxies:
            proxy.blackhole("down")
        async with asyncio.timeout(10):
            await asyncio.gather(*(proxy.holds_back("down") for proxy in proxies))
        for proxy in proxies:
            proxy.reset()
            proxy.heal()
        await faults.completed_since(jobs[0], 1)


async def test_the_api_dies_between_commit_and_answer(faults: Faults) -> None:
    """The same request with the same Idempotency-Key gets the first one's answer."""
    foliot = faults.foliot
    proxy = foliot.proxies["api-1"]["postgres"]
    body = {"job_name": "once", "job_type": "script", "schedule": "manual", "payload": {"script": "true"}}
    made: int | None = None
    for attempt in range(30):
        key = f"kill-{attempt}"
        request = asyncio.ensure_future(foliot.call("POST", "/v1/jobs", body, **{"Idempotency-Key": key}))
        await asyncio.sleep(0.002 * attempt)
        proxy.blackhole("down")
        await foliot.services["api-1"].kill()
        proxy.heal()
        await asyncio.gather(request, return_exceptions=True)  # answered or not, nobody knows
        await foliot.services["api-1"].start()
        async with foliot.sql() as sql:
            made = await sql.fetchval(
                "SELECT (body::json ->> 'job_id')::bigint FROM idempotency_keys WHERE key = $1", key
            )
        again = await foliot.call("POST", "/v1/jobs", body, **{"Idempotency-Key": key})
        if made is not None:
            assert again["job_id"] == made
            break
    assert made is not None
