"""The leader dies, stalls, is cut off."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

from foliot.scheduler.zookeeper import connect
from support.eventually import eventually
from support.foliot import Foliot

from .conftest import SESSION, Faults


async def test_killed(faults: Faults) -> None:
    jobs = await faults.ticking()
    leader = await faults.foliot.leader()
    await faults.foliot.services[leader].kill()
    await faults.completed_since(jobs[0], 3, within=SESSION * 1.1 + 15)
    assert await faults.foliot.leader() != leader


async def test_killed_while_a_run_goes_on(faults: Faults) -> None:
    """The ticks of the failover met the run that was under way all the time: they are SKIPPED like those before and
    after, and no run waits behind it."""
    job = await faults.foliot.create(schedule="@every 1s", payload={"script": "sleep 60"}, overlap_policy="skip")
    await faults.foliot.job_becomes(job["job_id"], "RUNNING")
    leader = await faults.foliot.leader()
    await faults.foliot.services[leader].kill()
    async with faults.foliot.sql() as sql:
        killed_at = await sql.fetchval("SELECT clock_timestamp()")
        query = "SELECT * FROM executions WHERE job_id = $1 ORDER BY scheduled_time"

        async def planned_again() -> None:
            rows = await sql.fetch(query, job["job_id"])
            assert rows[-1]["scheduled_time"] > killed_at + timedelta(seconds=SESSION + 2)

        await eventually(planned_again, within=SESSION * 2 + 15)
        running, *others = await sql.fetch(query, job["job_id"])
    await faults.foliot.call("POST", f"/v1/jobs/{job['job_id']}/cancel")
    assert running["status"] == "RUNNING"
    assert {(row["status"], row["error_message"]) for row in others} == {("SKIPPED", "overlap")}
    assert {after["scheduled_time"] - before["scheduled_time"] for before, after in pairwise([running, *others])} == {
        timedelta(seconds=1)
    }
    during = [row for row in others if row["created_at"] - row["scheduled_time"] > timedelta(seconds=1)]
    assert len(during) > 1, "the failover was no gap"


async def test_a_node_of_somebody_else_stops_the_scheduling_and_all_say_so(faults: Faults) -> None:
    """Without a password a program can hold the leader's place with a session of its own; nobody can tell it from a
    scheduler. That nobody plans is seen in PostgreSQL: no scheduler is ready, and none is shown as leader."""
    foliot = faults.foliot
    jobs = await faults.ticking(1)
    root = foliot.services[await foliot.leader()].definition.environment["FOLIOT_ZOOKEEPER_ROOT"]

    async def ready(expected: set[int]) -> None:
        answers = [await _readyz(foliot, name) for name in foliot.names("scheduler")]
        assert {status for status, _ in answers} == expected, answers
        assert expected == {200} or all("no scheduler has planned for" in text for _, text in answers)

    async def nobody_is_shown_as_leader() -> None:
        schedulers = (await foliot.call("GET", "/v1/schedulers"))["items"]
        assert {(one["role"], one["term"]) for one in schedulers} == {("standby", None)}

    async with connect(faults.servers.zookeeper_hosts, SESSION) as intruder:
        takes = intruder._zk.begin_transaction()
        takes.delete(f"{root}/leader", -1)
        takes.create(f"{root}/leader", data=b"evil", ephemeral=True)
        await takes.commit()
        await eventually(lambda: ready({503}), within=3 * SESSION + 15)
        await eventually(nobody_is_shown_as_leader, within=15)
        assert any(foliot.logged(name, "nothing_planned") for name in foliot.names("scheduler"))
    await faults.completed_since(jobs[0], 1)
    await eventually(lambda: ready({200}), within=15)


async def _readyz(foliot: Foliot, name: str) -> tuple[int, str]:
    async with foliot.http.get(f"{foliot.admin_url(name)}/readyz") as response:
        return response.status, await response.text()


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
