"""A dump that is taken under load becomes a new cluster that goes on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from support.compose import Compose, ComposeFoliot, connect
from support.eventually import eventually
from support.ledger import check_ledger, check_nothing_open, check_ticks

ROLES = Path(__file__).parents[3] / "sql" / "roles.sql"


@contextlib.asynccontextmanager
async def load(foliot: ComposeFoliot) -> AsyncIterator[None]:
    """Immediate jobs one after another, from when the first ten have been made to the end of the block."""
    made, stop = asyncio.Event(), asyncio.Event()

    async def create() -> None:
        for number in itertools.count(1):
            await foliot.create(payload={"script": "true"}, retry_policy={"max_retries": 1, "backoff_factor": 1})
            if number == 10:
                made.set()
            if stop.is_set():
                return

    async with asyncio.TaskGroup() as group:
        group.create_task(create())
        await made.wait()
        yield
        stop.set()


async def restore(compose: Compose, dumped: bytes) -> None:
    """As docs/deployment.md says: roles, data, then everything else."""
    await compose("up", "--detach", "--wait", "postgres")
    await compose("exec", "-T", "postgres", "psql", "-XqU", "foliot", "foliot", stdin=ROLES.read_bytes())
    await compose(
        "exec", "-T", "postgres", "pg_restore", "-U", "foliot", "-d", "foliot", "--exit-on-error", stdin=dumped
    )
    await compose("up", "--detach", "--wait")


async def test_a_dump_under_load_goes_on_in_a_new_cluster(foliot: ComposeFoliot) -> None:
    ticking = [(await foliot.create(schedule="@every 1s", overlap_policy="allow"))["job_id"] for _ in range(20)]
    for job_id in ticking:
        await foliot.ended(job_id)
    async with load(foliot):
        dumped = await foliot.compose.bytes("exec", "-T", "postgres", "pg_dump", "-U", "foliot", "-Fc", "foliot")
    for job_id in ticking:
        await foliot.call("DELETE", f"/v1/jobs/{job_id}")
    await foliot.compose("stop", "worker", "scheduler")  # two machines' work on one is enough
    restored = Compose("foliot-e2e-restored")
    try:
        await restore(restored, dumped)
        async with connect(restored) as again:
            for job_id in ticking:
                counted = len(await again.executions(job_id))
                assert counted
                await again.ended(job_id, count=counted + 2, within=60)
                await again.call("POST", f"/v1/jobs/{job_id}/pause")
            await eventually(lambda: nothing_open(again), within=90, every=0.5)
            async with again.sql() as sql:
                problems = await check_ledger(sql)
                problems += [p for job_id in ticking for p in await check_ticks(sql, job_id, 1.0)]
                assert await sql.fetchval("SELECT count(*) FROM executions WHERE status = 'COMPLETED'") > 20
            assert problems == []
    finally:
        await restored("down", "--volumes", "--timeout=5")
        await foliot.compose("start", "worker", "scheduler")


async def nothing_open(foliot: ComposeFoliot) -> None:
    async with foliot.sql() as sql:
        jobs = [row["job_id"] for row in await sql.fetch("SELECT job_id FROM jobs")]
        assert await check_nothing_open(sql, jobs) == []
