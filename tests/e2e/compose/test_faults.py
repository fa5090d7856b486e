"""Containers that are killed, added, lost and stopped."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from support.compose import ComposeFoliot, docker
from support.eventually import eventually
from support.ledger import check_ledger, check_nothing_open, check_ticks

MONITORING = ("prometheus", "alertmanager")


async def paused(foliot: ComposeFoliot, job_id: int) -> list[str]:
    """Stops an `@every 1s` job; what the checker says of its ticks and of the ledger."""
    await foliot.call("POST", f"/v1/jobs/{job_id}/pause")

    async def closed() -> None:
        async with foliot.sql() as sql:
            assert not await check_nothing_open(sql, [job_id])

    await eventually(closed, within=60)
    async with foliot.sql() as sql:
        return await check_ticks(sql, job_id, 1.0) + await check_ledger(sql)


async def test_the_leaders_container_is_killed(foliot: ComposeFoliot) -> None:
    job = await foliot.create(schedule="@every 1s", payload={"script": "true"})
    await foliot.ended(job["job_id"], count=2)
    leader = await foliot.leader()
    await docker("kill", leader)

    async def taken_over() -> str:
        items = (await foliot.call("GET", "/v1/schedulers"))["items"]
        (name,) = [s["scheduler_id"] for s in items if s["role"] == "leader" and s["scheduler_id"] != leader]
        return str(name)

    assert await looked(taken_over, within=20) in foliot.names("scheduler")
    before = len(await foliot.executions(job["job_id"]))
    await foliot.ended(job["job_id"], count=before + 3)
    await docker("start", leader)
    assert await paused(foliot, job["job_id"]) == []


async def looked(look: Callable[[], Awaitable[str]], within: float) -> str:
    """As `eventually`, for a look that unpacks what is not there yet."""

    async def asserted() -> str:
        try:
            return await look()
        except ValueError as error:
            raise AssertionError(error) from None

    return await eventually(asserted, within=within)


async def test_a_process_that_ends_is_started_again(foliot: ComposeFoliot) -> None:
    (name, *_) = foliot.names("worker")
    await docker("exec", name, "python", "-c", "import os; os.kill(1, 15)")

    async def again() -> None:
        (container,) = [c for c in await foliot.compose.containers("worker") if c["Config"]["Hostname"] == name]
        assert container["RestartCount"] >= 1
        assert container["State"]["Health"]["Status"] == "healthy"

    await eventually(again, within=60)


async def test_scaled_up(foliot: ComposeFoliot) -> None:
    """8 workers and 3 schedulers: all are known, all work, and Prometheus finds them."""
    settings = foliot.compose.settings
    settings |= {"WORKERS": "8", "SCHEDULERS": "3", "COMPOSE_PROFILES": "monitoring"}
    await foliot.compose("up", "--detach", "--wait", "worker", "scheduler", *MONITORING)
    await foliot.compose("up", "--detach", "--wait", "worker", "scheduler")  # the next one keeps their number
    await foliot.look_again()
    workers = {w["worker_id"] for w in (await foliot.call("GET", "/v1/workers"))["items"]}
    assert (len(foliot.names("worker")), len(foliot.names("scheduler"))) == (8, 3)
    assert set(foliot.names("worker")) <= workers
    schedulers = {s["scheduler_id"] for s in (await foliot.call("GET", "/v1/schedulers"))["items"]}
    assert set(foliot.names("scheduler")) <= schedulers
    job = await foliot.create(schedule="manual", payload={"script": "sleep 0.2"}, overlap_policy="allow")
    for _ in range(160):
        await foliot.call("POST", f"/v1/jobs/{job['job_id']}/run", expect=202)
    executions = await foliot.ended(job["job_id"], count=160, within=60)
    assert {e["status"] for e in executions} == {"COMPLETED"}
    assert {e["worker_id"] for e in executions} == set(foliot.names("worker"))
    await eventually(lambda: scraped(foliot), within=60, every=1)
    await foliot.compose("rm", "--stop", "--force", *MONITORING)
    for name in ("WORKERS", "SCHEDULERS", "COMPOSE_PROFILES"):
        del settings[name]
    await foliot.compose("up", "--detach", "--wait")
    await foliot.look_again()


async def scraped(foliot: ComposeFoliot) -> None:
    url = f"http://127.0.0.1:{foliot.compose.settings['PROMETHEUS_PORT']}/api/v1/query"
    async with aiohttp.ClientSession() as session, session.get(url, params={"query": "sum by (job) (up)"}) as response:
        result = (await response.json())["data"]["result"]
    up = {sample["metric"]["job"]: int(sample["value"][1]) for sample in result}
    assert (up["api"], up["scheduler"], up["worker"], up["rabbitmq"]) == (1, 3, 8, 1), up


async def streaming(foliot: ComposeFoliot) -> None:
    status = await foliot.compose.psql("SELECT status FROM pg_stat_wal_receiver", "replica")
    assert status == "streaming"
    newest = "SELECT coalesce(max(execution_id), 0) FROM executions"
    assert await foliot.compose.psql(newest, "replica") >= await foliot.compose.psql(newest)


async def test_a_replica_that_is_lost_is_rebuilt(foliot: ComposeFoliot) -> None:
    compose = foliot.compose
    await compose("rm", "--stop", "--force", "replica")
    await docker("volume", "rm", f"{compose.project}_replica")
    job = await foliot.create()
    assert (await foliot.ended(job["job_id"]))[0]["status"] == "COMPLETED"
    await compose("up", "--detach", "--no-recreate", "--wait", "replica")
    await eventually(lambda: streaming(foliot), within=30)


async def test_a_replica_that_is_too_far_behind_is_rebuilt(foliot: ComposeFoliot) -> None:
    compose = foliot.compose
    await compose("stop", "replica")
    for _ in range(12):  # 16 MB each; 64 MB are kept for it here
        await compose.psql("SELECT pg_logical_emit_message(false, 'fill', 'x'); SELECT pg_switch_wal()")
    await compose.psql("CHECKPOINT")
    assert await compose.psql("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'replica'") == "lost"
    await compose("up", "--detach", "--no-recreate", "--wait", "replica")
    await eventually(lambda: streaming(foliot), within=30)


async def test_stopped_workers_finish_what_they_run(foliot: ComposeFoliot) -> None:
    job = await foliot.create(payload={"script": "sleep 5; echo finished"})
    await foliot.job_becomes(job["job_id"], "RUNNING")
    await foliot.compose("stop", "worker")
    (execution,) = await foliot.ended(job["job_id"])
    assert (execution["status"], execution["attempt_number"]) == ("COMPLETED", 1)
    ended = [container["State"]["ExitCode"] for container in await foliot.compose.containers("worker")]
    assert ended == [0, 0]
    await foliot.compose("start", "worker")
    job = await foliot.create()
    assert (await foliot.ended(job["job_id"], within=60))[0]["status"] == "COMPLETED"


async def test_each_service_is_replaced_while_jobs_run(foliot: ComposeFoliot) -> None:
    compose = foliot.compose
    job = await foliot.create(schedule="@every 1s", overlap_policy="allow", payload={"script": "true"})
    await foliot.ended(job["job_id"], count=2)
    former = {name for service in ("worker", "scheduler", "api") for name in foliot.names(service)}
    compose.settings["FOLIOT_REVISION"] = "e2e-next"
    for service in ("worker", "scheduler", "api"):
        await compose("up", "--detach", "--build", "--no-deps", "--wait", service)
    await foliot.look_again()
    assert not former & {name for service in ("worker", "scheduler", "api") for name in foliot.names(service)}
    count = len(await foliot.executions(job["job_id"]))
    await foliot.ended(job["job_id"], count=count + 2)
    async with foliot.sql() as sql:
        outcomes = await sql.fetch("SELECT DISTINCT status FROM executions WHERE job_id = $1", job["job_id"])
    assert {row["status"] for row in outcomes} <= {"COMPLETED", "QUEUED", "RUNNING"}
    assert await paused(foliot, job["job_id"]) == []


async def test_everything_is_started_again_with_its_data(foliot: ComposeFoliot) -> None:
    """`down` means the containers of COMPOSE_PROFILES too, and so the network can go."""
    job = await foliot.create(schedule="@every 1s", payload={"script": "true"})
    before = await foliot.ended(job["job_id"], count=3)
    settings = foliot.compose.settings
    settings["COMPOSE_PROFILES"] = "monitoring"
    await foliot.compose("up", "--detach", "--no-recreate", "--wait", *MONITORING)
    await foliot.compose("stop")
    assert not any(container["State"]["Running"] for container in await foliot.compose.containers())
    await foliot.compose("down")
    assert await foliot.compose.containers() == []
    assert f"{foliot.compose.project}_default" not in await docker("network", "ls", "--format", "{{.Name}}")
    del settings["COMPOSE_PROFILES"]
    await foliot.compose("up", "--detach", "--wait")
    await foliot.look_again()
    after = await foliot.ended(job["job_id"], count=len(before) + 3, within=60)
    kept = {e["execution_id"]: e for e in after}
    assert all(kept[e["execution_id"]] == e for e in before)
    assert await paused(foliot, job["job_id"]) == []


@pytest.mark.parametrize("profiles", [(), ("monitoring",), ("logging",), ("monitoring", "logging")])
async def test_every_combination_of_profiles_is_valid(foliot: ComposeFoliot, profiles: tuple[str, ...]) -> None:
    chosen = [f"--profile={profile}" for profile in profiles]
    model = json.loads(await foliot.compose(*chosen, "config", "--format", "json"))
    assert ("prometheus" in model["services"]) == ("monitoring" in profiles)
    assert ("elasticsearch" in model["services"]) == ("logging" in profiles)
