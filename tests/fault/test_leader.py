"""The leader dies, stalls, is cut off."""

from __future__ import annotations

import asyncio

from support.eventually import eventually

from .conftest import SESSION, Faults


async def test_killed(faults: Faults) -> None:
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    await faults.foliot.services[leader].kill()
    await faults.completed_since(jobs[0], 3, within=SESSION * 1.1 + 15)
    assert await faults.foliot.leader() != leader


async def test_told_to_stop_hands_over_at_once(faults: Faults) -> None:
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    await faults.foliot.services[leader].stop()
    await faults.completed_since(jobs[0], 3)
    async with faults.foliot.sql() as sql:
        gap = await sql.fetchval(
            """SELECT max(created_at - scheduled_time) FROM executions
               WHERE job_id = ANY($1::bigint[]) AND created_at > now() - interval '10 s'""", jobs,
        )  # fmt: skip
    assert gap.total_seconds() < SESSION / 2  # far less than a session that expires


async def test_stalled_past_its_term_and_woken(faults: Faults) -> None:
    """Stalled by SIGSTOP: a successor takes over; the woken one writes nothing (the checker looks at every row's term)."""
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    faults.foliot.services[leader].pause()

    async def succeeded() -> None:
        assert await faults.foliot.leader(within=0) != leader

    await eventually(succeeded, within=SESSION * 2 + 10)
    await faults.completed_since(jobs[0], 2)
    faults.foliot.services[leader].resume()
    await faults.completed_since(jobs[0], 3)


async def test_stalled_for_a_moment_changes_nothing(faults: Faults) -> None:
    jobs = await faults.ticking(1)
    leader = await faults.foliot.leader()
    async with faults.foliot.sql() as sql:
        before = await sql.fetchval("SELECT term FROM leader")
        for _ in range(5):
            faults.foliot.services[leader].pause()
            await asyncio.sleep(0.3 * SESSION)
            faults.foliot.services[leader].resume()
            await faults.completed_since(jobs[0], 1)
        assert await sql.fetchval("SELECT term FROM leader") == before


async def test_connection_to_zookeeper_reset_and_cut_in_a_frame(faults: Faults) -> None:
    jobs = await faults.ticking(1)
    leader = await faults.foliot.leader()
    proxy = faults.foliot.proxies[leader]["zookeeper"]
    for fault in (proxy.reset, lambda: proxy.cut_after(10)):
        fault()
        await faults.completed_since(jobs[0], 2)
        proxy.heal()
    await faults.foliot.leader()


async def test_cut_off_from_zookeeper(faults: Faults) -> None:
    """It goes on under its term until the successor's first write refuses it; work never stops."""
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    for directions in (("down",), ("up", "down")):
        faults.foliot.proxies[leader]["zookeeper"].blackhole(*directions)
        await faults.completed_since(jobs[0], int(SESSION) + 4)
        faults.foliot.proxies[leader]["zookeeper"].heal()
        leader = await faults.foliot.leader()


async def test_cut_off_from_postgres_resigns(faults: Faults) -> None:
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    faults.foliot.proxies[leader]["postgres"].blackhole()
    await faults.completed_since(jobs[0], 2, within=40)
    assert await faults.foliot.leader() != leader


async def test_cut_off_from_rabbitmq_keeps_planning(faults: Faults) -> None:
    jobs = await faults.ticking(1)
    leader = await faults.foliot.leader()
    faults.foliot.proxies[leader]["rabbitmq"].refuse()
    async with faults.foliot.sql() as sql:
        query = "SELECT count(*) FROM executions WHERE job_id = $1 AND status = 'QUEUED'"

        async def piles_up() -> None:
            assert await sql.fetchval(query, jobs[0]) >= 3

        await eventually(piles_up, within=20)
    faults.foliot.proxies[leader]["rabbitmq"].heal()
    await faults.completed_since(jobs[0], 4)
    assert await faults.foliot.leader() == leader


async def test_zookeeper_away_and_back(faults: Faults) -> None:
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    await faults.servers.zookeeper.kill()
    await faults.completed_since(jobs[0], int(SESSION) + 3)
    await faults.servers.zookeeper.start()
    await faults.completed_since(jobs[0], 3)
    assert await faults.foliot.leader() == leader or await faults.foliot.leader()
