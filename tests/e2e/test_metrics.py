"""Every metric is on /metrics of a running cluster, and what it counts is what the database holds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from monitoring.catalogue import catalogue
from support.eventually import eventually
from support.foliot import Foliot
from support.scrapes import Scrape, scrape

NAMES = (
    "scheduler_jobs_processed_total", "scheduler_lag_seconds_count", "scheduler_lock_acquisition_duration_seconds_count",
    "worker_jobs_executed_total", "worker_job_duration_seconds_count", "worker_heartbeat_timestamp", "queue_depth",
    "queue_oldest_message_age_seconds", "db_connection_pool_active", "db_connection_pool_idle",
    "db_query_duration_seconds_count", "db_table_rows",
)  # fmt: skip
COUNTS = {
    "success": "status = 'COMPLETED'",
    "failed": """status IN ('FAILED', 'TIMEOUT') AND NOT EXISTS (
        SELECT FROM executions n WHERE n.job_id = e.job_id AND n.scheduled_time = e.scheduled_time
        AND n.attempt_number = e.attempt_number + 1 AND n.trigger = 'retry')""",
    "retries": "trigger = 'retry'",
    "attempts": "start_time IS NOT NULL AND end_time IS NOT NULL",
    "timeouts": "status = 'TIMEOUT'",
    "planned": "trigger = 'schedule' AND attempt_number = 1 AND status <> 'SKIPPED'",
    "overlaps": "status = 'SKIPPED' AND error_message = 'overlap'",
    "dispatched": "dispatched_at IS NOT NULL",
    "waiting": "status = 'QUEUED' AND available_at <= now()",
}


async def counted(foliot: Foliot) -> dict[str, int]:
    async with foliot.sql() as sql:
        columns = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in COUNTS.items())
        row = await sql.fetchrow(
            f"""SELECT {columns}, (SELECT count(*) FROM dead_letters) AS dead, (SELECT count(*) FROM workers) AS workers,
                (SELECT count(*) FROM dead_letters WHERE closed_at IS NULL) AS open_letters FROM executions e"""
        )
    assert row is not None
    return dict(row)


def shown(found: Scrape) -> dict[str, float]:
    return {
        "success": found.sum("scheduler_jobs_processed_total", status="success"),
        "failed": found.sum("scheduler_jobs_processed_total", status="failed"),
        "retries": found.sum("job_retries_total"),
        "attempts": found.sum("worker_jobs_executed_total"),
        "timeouts": found.sum("worker_jobs_executed_total", status="TIMEOUT"),
        "planned": found.sum("scheduler_runs_planned_total"),
        "overlaps": found.sum("scheduler_ticks_skipped_total", reason="overlap"),
        "dispatched": found.sum("scheduler_lag_seconds_count"),
        "waiting": found.sum("queue_depth", queue="pending_jobs"),
        "dead": found.sum("dead_letters_total"),
        "open_letters": found.sum("queue_depth", queue="dead_letter_queue"),
        "workers": found.sum("workers_alive"),
    }


@pytest.fixture(scope="module")
async def loaded(foliot: Foliot) -> Foliot:
    """Successes, retries, a timeout, dead letters and overlaps."""
    await foliot.leader()
    made: list[tuple[dict[str, Any], int]] = [(await foliot.create(), 1) for _ in range(10)]
    failing = {"payload": {"script": "exit 1"}, "retry_policy": {"max_retries": 2, "backoff_factor": 0.1}}
    made += [(await foliot.create(**failing), 3) for _ in range(3)]
    slow = {"payload": {"script": "sleep 9"}, "timeout_seconds": 1, "retry_policy": {"max_retries": 0}}
    made.append((await foliot.create(**slow), 1))
    overlapping = await foliot.create(schedule="@every 1s", payload={"script": "sleep 2.5"})
    for job, attempts in [*made, (overlapping, 3)]:
        await foliot.ended(job["job_id"], attempts)
    await foliot.call("POST", f"/v1/jobs/{overlapping['job_id']}/pause")
    return foliot


async def test_counters_are_what_the_database_holds(loaded: Foliot) -> None:
    async def equal() -> None:
        expected = await counted(loaded)
        assert shown(await scrape(loaded)) == expected

    await eventually(equal, within=20, every=0.5)
    found = await scrape(loaded)
    assert found.sum("worker_job_duration_seconds_count") == found.sum("worker_jobs_executed_total")
    assert found.sum("scheduler_failovers_total") == found.sum("scheduler_lock_acquisition_duration_seconds_count") == 1
    assert found.sum("scheduler_is_leader") == found.sum("scheduler_leader_confirmed") == 1
    assert found.sum("scheduler_candidate") == 2


async def test_the_seeds_names_have_plausible_values(loaded: Foliot) -> None:
    found = await scrape(loaded)
    assert set(NAMES) <= found.names
    assert found.values("worker_jobs_executed_total", "worker_id") == {"worker-1", "worker-2"}
    assert found.values("db_table_rows", "table") == {"jobs", "executions"}
    assert found.values("queue_depth", "queue") == {"pending_jobs", "dead_letter_queue"}
    assert found.sum("db_query_duration_seconds_count", query="select_pending_jobs") > 0
    assert found.sum("db_connection_pool_idle") > 0
    mean = found.sum("scheduler_lag_seconds_sum") / found.sum("scheduler_lag_seconds_count")
    assert 0 < mean < 5
    for name in ("worker-1", "worker-2"):
        async with loaded.http.get(f"http://127.0.0.1:{loaded.services[name].port}/metrics") as response:
            beat = Scrape(await response.text()).sum("worker_heartbeat_timestamp")
        assert abs(time.time() - beat) < 30


async def test_every_metric_of_the_code_is_shown_by_its_service(loaded: Foliot) -> None:
    for service in ("api", "scheduler", "worker"):
        names = (await scrape(loaded, service)).names
        for metric in catalogue():
            missing = metric.series - names
            links = metric.name == "rabbitmq_connected" and service == "api"
            duties = metric.name.startswith("duty_") and service == "api"
            replicas = metric.name.startswith("pg_replica_lag")  # none here
            if metric.exporter in ("every service", service) and not (links or duties or replicas):
                assert not missing, f"{service} does not show {missing}"


async def test_a_caller_cannot_make_series(loaded: Foliot) -> None:
    for method in ("PROPFIND", "LOCK"):
        async with loaded.http.request(method, "/v1/jobs"):
            pass
    methods = (await scrape(loaded, "api")).values("http_requests_total", "method")
    assert "other" in methods
    assert not {"PROPFIND", "LOCK"} & methods


async def test_only_the_leader_speaks_for_the_cluster(loaded: Foliot) -> None:
    leader_only = {metric.name for metric in catalogue() if metric.leader_only}
    leader = await loaded.leader()
    for name in ("scheduler-1", "scheduler-2"):
        async with loaded.http.get(f"http://127.0.0.1:{loaded.services[name].port}/metrics") as response:
            shown_names = Scrape(await response.text()).names
        assert bool(leader_only & shown_names) == (name == leader)
