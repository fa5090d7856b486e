"""A bulk change of 20,000 jobs whose API process and leader are killed again and again."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import aiohttp

from support.ledger import check_ledger
from support.operations import insert_jobs, rows_that_are_wrong

if TYPE_CHECKING:
    from chaos.rig import Rig

JOBS = 20_000
KILL_AFTER = 2_000
"""Jobs that are changed between two kills at least."""


class OperationKill:
    title = f"SIGKILL of API and leader during a bulk change of {JOBS:,} jobs"
    rounds = 5

    def __init__(self) -> None:
        self._number = 0

    async def prepare(self, rig: Rig) -> None:
        pass

    async def round(self, rig: Rig) -> dict[str, float]:
        self._number += 1
        label = f"round {self._number} at {time.time():.0f}"
        async with rig.foliot.sql() as sql:
            await insert_jobs(sql, JOBS, label)
        body = {"action": "pause", "filter": {"label": {"of": label}}}
        begun = await rig.foliot.call("POST", "/v1/jobs/bulk", body, expect=202)
        started, kills, killed_at = time.monotonic(), 0, 0
        query = "SELECT done + failed FROM operations WHERE operation_id = $1"
        while (done := await rig.value(query, begun["operation_id"])) < JOBS:
            if done - killed_at >= KILL_AFTER:
                kills, killed_at = kills + 1, done
                await self._kill(rig, leader=kills % 3 == 1)
            await rig.until(f"SELECT ({query}) > $2", begun["operation_id"], done, every=0.02)
        seconds = time.monotonic() - started
        async with rig.foliot.sql() as sql:
            wrong = await rows_that_are_wrong(sql, "PAUSED", "PAUSE_JOB", label)
            await sql.execute(
                "UPDATE jobs SET deleted_at = now() WHERE labels @> jsonb_build_object('of', $1::text)", label
            )
        return {"seconds": round(seconds, 1), "kills": kills, "rows_wrong": wrong}

    async def _kill(self, rig: Rig, *, leader: bool) -> None:
        if leader:
            with contextlib.suppress(aiohttp.ClientError, AssertionError):
                await rig.foliot.services[await rig.foliot.leader()].kill()
        await rig.foliot.services["api-1"].kill()
        await rig.restore()

    async def check(self, rig: Rig) -> list[str]:
        async with rig.foliot.sql() as sql:
            unfinished = await sql.fetch(
                "SELECT operation_id FROM operations WHERE status <> 'COMPLETED' OR failed > 0"
            )
            return [f"operation {row[0]} is not done whole" for row in unfinished] + await check_ledger(sql)
