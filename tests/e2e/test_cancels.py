"""Cancels that meet the ends of their jobs: what a result, a dead letter and a cancel lock, they lock in one order."""

from __future__ import annotations

import asyncio
from collections import Counter

from support.eventually import eventually
from support.foliot import Foliot
from support.ledger import check_ledger

JOBS = 200


async def test_cancels_of_jobs_that_are_ending(foliot: Foliot) -> None:
    """Each run fails and is given up while its job is cancelled: nobody is answered 500, each job comes to one end."""

    async def create(number: int) -> int:
        script = f"sleep {number % 30 / 10}; exit 1"
        job = await foliot.create(payload={"script": script}, retry_policy={"max_retries": 0})
        return int(job["job_id"])

    async def cancel(job_id: int) -> int:
        async with foliot.http.post(f"/v1/jobs/{job_id}/cancel") as response:
            return response.status

    jobs = await asyncio.gather(*(create(number) for number in range(JOBS)))
    async with foliot.sql() as sql:
        query = "SELECT count(*) FROM executions WHERE job_id = ANY($1::bigint[]) AND end_time IS NOT NULL"

        async def some_have_ended() -> None:
            assert await sql.fetchval(query, jobs) >= JOBS // 10

        await eventually(some_have_ended)
        answers = Counter(await asyncio.gather(*(cancel(job_id) for job_id in jobs)))
        assert set(answers) == {200, 409}, answers  # cancelled, or too late

        async def all_have_ended() -> None:
            states = await sql.fetch("SELECT status FROM jobs WHERE job_id = ANY($1::bigint[])", jobs)
            assert Counter(row["status"] for row in states) == {"CANCELLED": answers[200], "FAILED": answers[409]}

        await eventually(all_have_ended)
        assert await check_ledger(sql) == []
