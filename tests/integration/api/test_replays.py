"""Replays and discards that meet at one dead letter: its run gets one more attempt, whoever comes first."""

from __future__ import annotations

import asyncio

import pytest

from support.eventually import eventually

from .conftest import Api

LETTER = """
WITH ended AS (UPDATE executions SET status = 'FAILED', end_time = now() WHERE execution_id = $1 RETURNING *)
INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, fingerprint)
SELECT execution_id, scheduled_time, job_id, user_id, team_id, 1, 'FAILED', 'x' FROM ended RETURNING 1
"""
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE '%Locks jobs%' AND wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.mark.parametrize("first", ["replay", "discard"])
async def test_what_somebody_else_has_done_in_between_is_left_out(api: Api, first: str) -> None:
    """Both find the letter open, and the replay waits for the job; by then it is closed."""
    job_id = (await api.create(schedule="manual"))["job_id"]
    _, run, _ = await api.call("POST", f"/v1/jobs/{job_id}/run")
    await api.rows(LETTER, run["execution_id"])
    body = {"execution_ids": [run["execution_id"]]}
    async with api.database.owner() as holder, api.database.owner() as sql:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SELECT FROM jobs WHERE job_id = $1 FOR UPDATE", job_id)
        replays = [asyncio.create_task(api.call("POST", "/v1/dead-letters/replay", body)) for _ in range(2)]

        async def both_wait() -> None:
            assert await sql.fetchval(WAITING) == len(replays)

        await eventually(both_wait)
        if first == "discard":
            assert (await api.call("DELETE", "/v1/dead-letters", body))[1]["done"] == 1
        await transaction.commit()
        answers = await asyncio.gather(*replays)
    done = sorted(answer["done"] for _, answer, _ in answers)
    assert ([status for status, _, _ in answers], done) == ([200, 200], [0, 0 if first == "discard" else 1])
    rows = await api.rows("SELECT attempt_number FROM executions WHERE job_id = $1 ORDER BY 1", job_id)
    assert [row["attempt_number"] for row in rows] == ([1] if first == "discard" else [1, 2])
