"""Creations that share a transaction: each is answered for itself, and only after the commit."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

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


@pytest.mark.parametrize("fields", [
    {"job_name": "six characters: \\u0000"}, {"schedule": "manual"}, {"schedule": "immediate", "timezone": "Europe/Berlin"},
    {"start_at": "2030-01-31T09:00:00+01:00", "end_at": "2031-01-01T00:00:00Z"}, {"max_runs": 2**53 - 1, "job_key": "é"},
    {"retry_policy": {"max_retries": 0, "backoff_factor": 0.5, "retry_on": [503, "network"]}},
    {"payload": {"url": "http://[::1]/", "body": {"big": 1e300, "deep": [[{"a": None}]]}}, "job_type": "http_request"},
], ids=str)  # fmt: skip
async def test_what_is_stored_is_what_was_answered(api: Api, fields: dict[str, Any]) -> None:
    status, created, _ = await api.call("POST", "/v1/jobs", SCRIPT | fields)
    assert status == 201, created
    assert (await api.call("GET", f"/v1/jobs/{created['job_id']}"))[1] == created
    (stored,) = await api.rows(
        """SELECT v.definition = a.new_value AS audited, v.valid_from = j.created_at AND j.schedule_since = j.created_at AS since,
                  v.definition->>'schedule' = j.schedule AND v.definition->'payload' = j.payload AS defined, a.user_id, a.action,
                  host(a.ip_address) AS address, a.request_id
           FROM jobs j JOIN job_versions v USING (job_id) JOIN audit_logs a ON a.resource_id = j.job_id WHERE j.job_id = $1""",
        created["job_id"],
    )
    request_id = stored.pop("request_id")
    assert len(request_id) == 32
    assert stored == {
        "audited": True, "since": True, "defined": True, "user_id": 1, "action": "CREATE_JOB", "address": "127.0.0.1",
    }  # fmt: skip


async def test_a_run_carries_the_request_that_asked_for_it(api: Api) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"traceparent": trace, "X_Request_Id": "mine"}
    for schedule, carried in (("immediate", ("mine", trace)), ("0 9 * * *", (None, None))):
        _, job, _ = await api.call("POST", "/v1/jobs", SCRIPT | {"schedule": schedule}, **headers)
        rows = await api.rows("SELECT request_id, traceparent FROM jobs WHERE job_id = $1", job["job_id"])
        assert (rows[0]["request_id"], rows[0]["traceparent"]) == carried


async def test_a_user_agent_that_is_no_text_stops_nobody(api: Api) -> None:
    reader, writer = await asyncio.open_connection(api.client.host, api.client.port)
    body = orjson.dumps(SCRIPT | {"job_name": "odd agent"})
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {api.key}\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Content-Type: application/json\r\nUser-Agent: a\xffb\r\n\r\n" + body)
    assert await reader.readline() == b"HTTP/1.1 201 Created\r\n"
    writer.close()
    agents = await api.rows("SELECT user_agent FROM audit_logs WHERE new_value->>'job_name' = 'odd agent'")
    assert agents == [{"user_agent": "a?b"}]
