"""Creations that share a transaction: each is answered for itself, and only after the commit."""

from __future__ import annotations

import asyncio

from .conftest import SCRIPT, Api


async def test_a_taken_job_key_stops_nobody_else(api: Api) -> None:
    bodies = [SCRIPT | {"job_name": f"job {n}", "job_key": f"key {n % 40}"} for n in range(60)]
    answers = await asyncio.gather(*(api.call("POST", "/v1/jobs", body) for body in bodies))
    statuses = [status for status, _, _ in answers]
    assert statuses.count(201) == 40
    assert statuses.count(409) == 20
    assert {body["code"] for status, body, _ in answers if status == 409} == {"job_key"}
    rows = await api.rows("SELECT job_id, job_key FROM jobs WHERE job_key LIKE 'key %'")
    assert len({row["job_key"] for row in rows}) == len(rows) == 40
    assert {body["job_id"] for status, body, _ in answers if status == 201} == {row["job_id"] for row in rows}


async def test_each_has_its_history_and_its_audit(api: Api) -> None:
    bodies = [SCRIPT | {"job_name": f"audited {n}"} for n in range(100)]
    answers = await asyncio.gather(*(api.call("POST", "/v1/jobs", body) for body in bodies))
    names = {body["job_id"]: body["job_name"] for _, body, _ in answers}
    assert sorted(names.values()) == sorted(body["job_name"] for body in bodies)
    rows = await api.rows(
        """SELECT j.job_id, j.job_name, v.definition->>'job_name' AS version, a.new_value->>'job_name' AS audited
           FROM jobs j JOIN job_versions v USING (job_id)
           JOIN audit_logs a ON a.resource_id = j.job_id AND a.action = 'CREATE_JOB'
           WHERE j.job_name LIKE 'audited %'"""
    )
    assert {row["job_id"]: row["job_name"] for row in rows} == names
    assert len(rows) == 100
    assert all(row["job_name"] == row["version"] == row["audited"] for row in rows)
    transactions = await api.rows("SELECT count(DISTINCT xmin::text) AS n FROM jobs WHERE job_name LIKE 'audited %'")
    assert transactions[0]["n"] < 50, "creations that came together share transactions"


async def test_what_cannot_fire_is_told_alone(api: Api) -> None:
    good = SCRIPT | {"schedule": "0 0 1 1 *", "job_name": "in time"}
    bad = good | {"end_at": "2001-01-01T00:00:00Z"}
    answers = await asyncio.gather(*(api.call("POST", "/v1/jobs", body) for body in [good, bad] * 10))
    assert [status for status, _, _ in answers] == [201, 422] * 10
    assert (await api.rows("SELECT count(*) AS n FROM jobs WHERE job_name = 'in time'"))[0]["n"] == 10


async def test_the_answer_is_the_row(api: Api) -> None:
    _, created, headers = await api.call("POST", "/v1/jobs", SCRIPT | {"labels": {"a": "b"}, "priority": 3})
    status, read, read_headers = await api.call("GET", f"/v1/jobs/{created['job_id']}")
    assert status == 200
    assert read == created
    assert read_headers["ETag"] == headers["ETag"]
