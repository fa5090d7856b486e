"""Campaigns without faults: 600 jobs a second as HTTP requests, and the delays of a job that always fails."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from chaos.rig import Rig

Figures = dict[str, float]


class Target:
    """The target's process and where it listens."""

    def __init__(self, arrivals: Path) -> None:
        self.arrivals = arrivals
        self.url = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chaos.target", str(self.arrivals), stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(await self._process.stdout.readline())}/"

    async def stop(self) -> None:
        self._process.terminate()
        await self._process.wait()


async def insert_load(rig: Rig, url: str, count: int) -> None:
    """`count` http_request jobs `@every 1s`, spread over the second, from 5 s on."""
    async with rig.foliot.sql() as sql:
        rows = await sql.fetch(
            """INSERT INTO jobs (user_id, job_name, job_type, schedule, schedule_since, next_run_time, payload, overlap_policy)
               SELECT 1, 'load ' || n, 'http_request', '@every 1s', due - interval '1 s', due,
                   jsonb_build_object('url', $1::text), 'allow'
               FROM generate_series(1, $2::int) n,
                    LATERAL (SELECT date_trunc('second', now()) + interval '5 s' + n * interval '1 s' / $2::int) d (due)
               RETURNING job_id""",
            url, count,
        )  # fmt: skip
    rig.jobs = [row["job_id"] for row in rows]


class Http600:
    """600 http_request jobs a second for a minute; each must have been RUNNING, committed, when its request came."""

    title = "600 http_request jobs/s for 60 s, the target a process of its own"
    rounds = 1

    async def prepare(self, rig: Rig) -> None:
        self._target = Target(rig.effects.with_name("arrivals"))
        await self._target.start()

    async def round(self, rig: Rig) -> Figures:
        await insert_load(rig, self._target.url, 600)
        async with rig.foliot.sql() as sql:
            await asyncio.sleep(66)
            await sql.execute("UPDATE jobs SET status = 'PAUSED', next_run_time = NULL, version = version + 1")
            await rig.until("SELECT count(*) = 0 FROM executions WHERE end_time IS NULL")
            figures = await sql.fetchrow(
                """SELECT count(*) FILTER (WHERE status = 'COMPLETED') AS completed, count(*) AS executions,
                       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM start_time - scheduled_time)) AS late
                   FROM executions"""
            )
        await self._target.stop()
        assert figures is not None
        early = await self._before_their_claim(rig)
        return {
            "executions": figures["executions"], "completed": figures["completed"],
            "start_lateness_p99_ms": round(float(figures["late"]) * 1000, 1), "requests_before_running": early,
        }  # fmt: skip

    async def _before_their_claim(self, rig: Rig) -> int:
        """Requests that came before their attempt's start_time stood in the ledger, or without any attempt."""
        async with rig.foliot.sql() as sql:
            rows = await sql.fetch("SELECT job_id, scheduled_time, attempt_number, start_time FROM executions")
        started = {(r["job_id"], r["scheduled_time"], r["attempt_number"]): r["start_time"].timestamp() for r in rows}
        early = 0
        for line in self._target.arrivals.read_text().splitlines():
            key, attempt, at = line.split()
            job_id, _, moment = key.partition(":")
            claimed = started.get((int(job_id), datetime.fromisoformat(moment), int(attempt)))
            early += claimed is None or claimed > int(at) / 1e9
        return early

    async def check(self, rig: Rig) -> list[str]:
        query = "SELECT count(*) FROM executions WHERE status <> 'COMPLETED'"
        others = await rig.value(query)
        return [f"{others} executions are not COMPLETED"] if others else []


class Delays:
    """Four attempts, 3, 9 and 27 s from the end of one to the start of the next; then a dead letter and its replay."""

    title = 'a job that always fails under {"max_retries": 3, "backoff_factor": 3}'
    rounds = 1

    async def prepare(self, rig: Rig) -> None:
        return

    async def round(self, rig: Rig) -> Figures:
        (job,) = await rig.create(1, payload={"script": "exit 1"})
        await rig.until("SELECT status = 'FAILED' FROM jobs WHERE job_id = $1", job, within=60)
        async with rig.foliot.sql() as sql:
            rows = await sql.fetch(
                """SELECT extract(epoch FROM start_time - lag(end_time) OVER (ORDER BY attempt_number))::float8 AS delay
                   FROM executions WHERE job_id = $1 ORDER BY attempt_number""",
                job,
            )
        gaps = [round(row["delay"], 3) for row in rows[1:]]
        letters = await rig.value("SELECT count(*) FROM dead_letters WHERE closed_at IS NULL")
        await rig.until("SELECT sent_at IS NOT NULL FROM dead_letters WHERE job_id = $1", job)
        replay = await rig.foliot.call("POST", "/v1/dead-letters/replay", {"filter": {"job_id": job}})
        await rig.until("SELECT count(*) = 5 FROM executions WHERE job_id = $1 AND end_time IS NOT NULL", job)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await rig.until(
            "SELECT count(*) = 0 FROM dead_letters WHERE closed_at IS NOT NULL AND removed_at IS NULL", within=60
        )
        return {
            "attempts": len(rows), "gap_1_s": gaps[0], "gap_2_s": gaps[1], "gap_3_s": gaps[2], "open_dead_letters": letters,
            "replayed": replay["done"], "queue_agrees_after_s": round(loop.time() - begun, 1),
        }  # fmt: skip

    async def check(self, rig: Rig) -> list[str]:
        return await rig.check(every_seconds=None)
