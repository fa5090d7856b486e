"""POST -> plan -> dispatch -> claim -> run -> record, through real processes."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from foliot.common.broker.messages import DeadLetter
from support.eventually import eventually
from support.foliot import Foliot


async def test_http_request(foliot: Foliot, target: str) -> None:
    job = await foliot.create(job_type="http_request", payload={"url": f"{target}/ok"})
    assert job["status"] == "PENDING"
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "COMPLETED", execution
    assert execution["http_status"] == 200
    assert execution["worker_id"] in foliot.names("worker")
    assert execution["attempt_number"] == 1
    assert execution["scheduled_time"] <= execution["start_time"] <= execution["end_time"]
    assert (await foliot.job_becomes(job["job_id"], "COMPLETED"))["last_run_time"] == execution["scheduled_time"]


async def test_script_with_the_requests_trace(foliot: Foliot) -> None:
    """The trace of the HTTP call reaches the child process, its request id the worker's log line."""
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    body = {"job_name": "trace", "job_type": "script", "schedule": "immediate", "payload": {"script": "env | sort"}}
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01", "X-Request-Id": "from-the-caller-1"}
    job = await foliot.call("POST", "/v1/jobs", body, **headers)
    (execution,) = await foliot.ended(job["job_id"])
    assert (execution["status"], execution["exit_code"]) == ("COMPLETED", 0)
    logs = (await foliot.call("GET", f"/v1/executions/{execution['execution_id']}"))["logs"]
    environment = dict(line.split("=", 1) for line in logs.splitlines())
    assert environment["TRACEPARENT"].split("-")[1] == trace_id
    assert environment["FOLIOT_JOB_ID"] == str(job["job_id"])
    assert environment["FOLIOT_ATTEMPT"] == "1"
    assert environment["FOLIOT_SCHEDULED_TIME"] == execution["scheduled_time"]
    assert not {name for name in environment if name.startswith("FOLIOT_")} - {
        "FOLIOT_JOB_ID", "FOLIOT_EXECUTION_ID", "FOLIOT_ATTEMPT", "FOLIOT_SCHEDULED_TIME",
    }  # fmt: skip
    lines = [
        line for log in foliot.logs("worker") for line in log if line.get("execution_id") == execution["execution_id"]
    ]
    assert [(line["event"], line["request_id"]) for line in lines] == [("attempt_finished", "from-the-caller-1")]


async def test_sql_query(foliot: Foliot) -> None:
    payload = {
        "datasource": "demo",
        "query": "SELECT n, 'row ' || n AS name FROM generate_series(1, $1::int) n",
        "params": [2],
    }
    job = await foliot.create(job_type="sql_query", payload=payload)
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "COMPLETED", execution
    logs = (await foliot.call("GET", f"/v1/executions/{execution['execution_id']}"))["logs"]
    assert [json.loads(line) for line in logs.splitlines()] == [{"n": 1, "name": "row 1"}, {"n": 2, "name": "row 2"}]


async def test_every_second(foliot: Foliot) -> None:
    job = await foliot.create(schedule="@every 1s")
    executions = await foliot.ended(job["job_id"], count=5)
    await foliot.call("POST", f"/v1/jobs/{job['job_id']}/cancel")
    times = [datetime.fromisoformat(e["scheduled_time"]) for e in executions]
    assert [b - a for a, b in itertools.pairwise(times)] == [timedelta(seconds=1)] * (len(times) - 1)
    assert {e["status"] for e in executions} == {"COMPLETED"}


async def test_cron_with_seconds_and_an_instant(foliot: Foliot) -> None:
    cron = await foliot.create(schedule="* * * * * *")
    instant = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    once = await foliot.create(schedule=instant)
    (execution,) = await foliot.ended(once["job_id"])
    assert execution["scheduled_time"] == instant.replace("Z", ".000000Z")
    for execution in await foliot.ended(cron["job_id"], count=2):
        assert execution["scheduled_time"].endswith(".000000Z")
    assert (await foliot.call("POST", f"/v1/jobs/{cron['job_id']}/pause"))["status"] == "PAUSED"
    await foliot.call("DELETE", f"/v1/jobs/{cron['job_id']}")


async def test_a_job_that_always_fails_is_given_up(foliot: Foliot) -> None:
    job = await foliot.create(
        payload={"script": "echo broken; exit 3"}, retry_policy={"max_retries": 2, "backoff_factor": 0.2}
    )
    executions = await foliot.ended(job["job_id"], count=3)
    assert [(e["attempt_number"], e["status"], e["exit_code"]) for e in executions] == [
        (n, "FAILED", 3) for n in (1, 2, 3)
    ]
    assert [e["trigger"] for e in executions] == ["schedule", "retry", "retry"]
    assert len({e["scheduled_time"] for e in executions}) == 1
    await foliot.job_becomes(job["job_id"], "FAILED")
    letters = (await foliot.call("GET", "/v1/dead-letters"))["items"]
    (letter,) = [one for one in letters if one["job_id"] == job["job_id"]]
    assert letter["execution_id"] == executions[-1]["execution_id"]
    async with foliot.sql() as sql:

        async def copied() -> None:
            assert await sql.fetchval(
                "SELECT sent_at FROM dead_letters WHERE execution_id = $1", letter["execution_id"]
            )

        await eventually(copied)
    assert DeadLetter.__struct_config__.tag == "dead_letter"


async def test_a_timeout_kills_everything_the_script_started(foliot: Foliot) -> None:
    script = "sleep 4711 & setsid sleep 4712 & sleep 4713"
    job = await foliot.create(payload={"script": script}, timeout_seconds=1, retry_policy={"max_retries": 0})
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "TIMEOUT"

    async def gone() -> None:
        process = await asyncio.create_subprocess_exec("pgrep", "-f", "sleep 471[123]", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        assert out == b""

    await eventually(gone)


async def test_cancel_of_a_running_attempt(foliot: Foliot) -> None:
    job = await foliot.create(payload={"script": "sleep 60"})
    await foliot.job_becomes(job["job_id"], "RUNNING")
    (running,) = await foliot.executions(job["job_id"])
    answer = await foliot.call("POST", f"/v1/executions/{running['execution_id']}/cancel")
    assert answer["cancel_requested_at"] is not None
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "CANCELLED"
    assert (await foliot.job_becomes(job["job_id"], "CANCELLED"))["next_run_time"] is None


async def test_run_now_beside_the_schedule(foliot: Foliot) -> None:
    job = await foliot.create(schedule="0 0 1 1 *", payload={"script": "exit 1"})
    await foliot.call("POST", f"/v1/jobs/{job['job_id']}/run", {"payload": {"script": "echo other"}}, expect=202)
    (execution,) = await foliot.ended(job["job_id"])
    assert (execution["status"], execution["trigger"]) == ("COMPLETED", "manual")
    assert (await foliot.job(job["job_id"]))["next_run_time"] == job["next_run_time"]


@pytest.mark.parametrize("policy", ["skip", "allow"])
async def test_overlap(foliot: Foliot, policy: str) -> None:
    job = await foliot.create(schedule="@every 1s", payload={"script": "sleep 2.5"}, overlap_policy=policy)
    executions = await foliot.ended(job["job_id"], count=3)
    await foliot.call("DELETE", f"/v1/jobs/{job['job_id']}")
    skipped = [e for e in executions if e["status"] == "SKIPPED"]
    assert bool(skipped) == (policy == "skip")
    assert {e["error_message"] for e in skipped} <= {"overlap"}


async def test_workers_and_schedulers_are_listed(foliot: Foliot) -> None:
    await foliot.leader()
    schedulers = (await foliot.call("GET", "/v1/schedulers"))["items"]
    assert sorted(s["scheduler_id"] for s in schedulers) == foliot.names("scheduler")
    assert sorted(s["role"] for s in schedulers) == ["leader", "standby"]
    workers = (await foliot.call("GET", "/v1/workers"))["items"]
    assert sorted((w["worker_id"], w["pools"], w["slots"]) for w in workers) == [
        (name, ["default"], 100) for name in foliot.names("worker")
    ]


async def test_metrics_of_every_process(foliot: Foliot) -> None:
    for service, metric in [
        ("api", "http_requests_total"),
        ("scheduler", "scheduler_lag_seconds"),
        ("worker", "worker_heartbeat_timestamp"),
    ]:
        async with foliot.http.get(f"{foliot.admin_url(foliot.names(service)[0])}/metrics") as response:
            text = await response.text()
        assert metric in text
        assert "db_connection_pool_active" in text
        assert "foliot_build_info" in text


async def test_a_replayed_dead_letter_runs_again_and_leaves_the_queue(foliot: Foliot, target: str) -> None:
    payload = {"url": f"{target}/fixed/{time.monotonic_ns()}"}
    job = await foliot.create(job_type="http_request", payload=payload, retry_policy={"max_retries": 0})
    (dead,) = await foliot.ended(job["job_id"])
    await foliot.job_becomes(job["job_id"], "FAILED")
    body = {"filter": {"job_id": job["job_id"]}}
    assert await foliot.call("POST", "/v1/dead-letters/replay", body | {"dry_run": True}) == {"matched": 1, "done": 0}
    assert await foliot.call("POST", "/v1/dead-letters/replay", body) == {"matched": 1, "done": 1}
    executions = await foliot.ended(job["job_id"], count=2)
    assert [(e["attempt_number"], e["trigger"], e["status"]) for e in executions] == [
        (1, "schedule", "FAILED"),
        (2, "replay", "COMPLETED"),
    ]
    assert executions[1]["scheduled_time"] == dead["scheduled_time"]
    await foliot.job_becomes(job["job_id"], "COMPLETED")


async def test_a_discarded_dead_letter_is_gone(foliot: Foliot) -> None:
    job = await foliot.create(payload={"script": "exit 1"}, retry_policy={"max_retries": 0})
    (dead,) = await foliot.ended(job["job_id"])
    ids = {"execution_ids": [dead["execution_id"]]}
    assert await foliot.call("DELETE", "/v1/dead-letters", ids) == {"matched": 1, "done": 1}
    await foliot.call("DELETE", "/v1/dead-letters", ids, expect=404)
    await foliot.call("POST", "/v1/dead-letters/replay", {"rate": 0}, expect=422)
