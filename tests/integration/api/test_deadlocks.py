"""Transactions that meet at one job: nobody is answered 500, and no caller pays for a neighbour's lock."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.databases import TestDatabase
from support.eventually import eventually
from support.ledger import check_ledger
from support.locks import stands_behind_a_lock

from .conftest import SCRIPT, Api, open_api


@pytest.fixture
async def impatient(database: TestDatabase) -> AsyncIterator[Api]:
    """An API that waits 0.3 s for a lock, so that the tests do not wait longer."""
    async with database.owner() as sql:
        name = await sql.fetchval("SELECT current_database()")
        await sql.execute(f"ALTER ROLE foliot_api IN DATABASE {name} SET lock_timeout = '300ms'")
    async with open_api(database) as opened:
        yield opened


async def test_a_deadlock_is_not_the_callers(api: Api) -> None:
    """Somebody locks against the order: PostgreSQL ends the API's transaction, which is made again as a whole."""
    job = await api.create(overlap_policy="allow")
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    async with api.database.owner() as stranger, api.database.owner() as watcher:
        await stranger.execute("SET deadlock_timeout = '60s'")  # so that the other side finds it
        transaction = stranger.transaction()
        await transaction.start()
        await stranger.execute("SELECT FROM executions WHERE execution_id = $1 FOR UPDATE", run["execution_id"])
        answer = asyncio.ensure_future(api.call("POST", f"/v1/jobs/{job['job_id']}/cancel"))
        await eventually(lambda: stands_behind_a_lock(watcher, "FOR NO KEY UPDATE OF e"))
        await stranger.execute("SELECT FROM jobs WHERE job_id = $1 FOR UPDATE", job["job_id"])
        await transaction.commit()
        status, cancelled, _ = await answer
    assert (status, cancelled["status"]) == (200, "CANCELLED")
    audits = await api.rows(
        "SELECT action FROM audit_logs WHERE resource_id = $1 AND action = 'CANCEL_JOB'", job["job_id"]
    )
    assert len(audits) == 1


async def test_a_creation_does_not_wait_for_a_neighbours_job_key(impatient: Api) -> None:
    """One job_key of a batch is held by a transaction under way: all others are created, that one is told to come again."""
    async with impatient.database.owner() as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(
            "INSERT INTO jobs (user_id, job_name, job_type, payload, job_key) VALUES (1, 'x', 'script', '{}', 'held')"
        )
        keys = [None, "held", "b", None, "a", "c"]
        bodies = [SCRIPT | ({"job_key": key} if key else {}) for key in keys]
        answers = await asyncio.gather(*(impatient.call("POST", "/v1/jobs", body) for body in bodies))
        assert [status for status, *_ in answers] == [201, 503, 201, 201, 201, 201]
        await transaction.commit()
    assert (await impatient.call("POST", "/v1/jobs", SCRIPT | {"job_key": "held"}))[0] == 409


async def test_two_processes_with_the_same_job_keys_do_not_deadlock(impatient: Api) -> None:
    """Keys are inserted in their order, whatever the order of the requests: each is created once."""
    async with open_api(impatient.database) as other:
        keys = [f"key-{n}" for n in range(40)]
        answers = await asyncio.gather(
            *(impatient.call("POST", "/v1/jobs", SCRIPT | {"job_key": key}) for key in keys),
            *(other.call("POST", "/v1/jobs", SCRIPT | {"job_key": key}) for key in reversed(keys)),
        )
    assert Counter(status for status, *_ in answers) == {201: 40, 409: 40}


async def test_a_storm_on_few_jobs(api: Api) -> None:
    """16 callers do everything at once to four jobs: no 500, and a ledger without holes. `make storm` is the long one."""
    policies = ("skip", "queue_one", "allow", "cancel_running")
    jobs = [(await api.create(overlap_policy=policy, schedule="manual"))["job_id"] for policy in policies]
    answers: Counter[int] = Counter()

    async def caller(number: int) -> None:
        chance = random.Random(number)
        for _ in range(25):
            answers[await _one_call(api, chance, chance.choice(jobs))] += 1

    await asyncio.gather(*(caller(number) for number in range(16)))
    assert set(answers) <= {200, 202, 409}, answers
    async with api.database.owner() as sql:
        assert await check_ledger(sql) == []


async def _one_call(api: Api, chance: random.Random, job_id: int) -> int:
    action = chance.choice(("run", "run", "pause", "resume", "patch", "stop", "stop"))
    if action == "patch":
        return (await api.call("PATCH", f"/v1/jobs/{job_id}", {"description": str(chance.random())}))[0]
    if action != "stop":
        return (await api.call("POST", f"/v1/jobs/{job_id}/{action}"))[0]
    _, page, _ = await api.call("GET", f"/v1/jobs/{job_id}/executions?limit=3")
    found: list[dict[str, Any]] = [item for item in page["items"] if item["status"] == "QUEUED"]
    if not found:
        return 200
    return (await api.call("POST", f"/v1/executions/{found[0]['execution_id']}/cancel"))[0]
