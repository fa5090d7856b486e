"""The proof that the cluster works: one job of each type, run through it."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp

from cluster.demo import DATABASE, QUERY
from cluster.errors import ClusterError
from cluster.table import aligned

PATIENCE = 30.0
INTERVAL = 0.1
HEADINGS = (
    *("job type", "job id", "execution id", "status", "worker", "scheduled time"),
    *("lateness ms", "duration ms"),
)

Fields = Mapping[str, Any]


def payloads(api_url: str) -> dict[str, Fields]:
    return {
        "http_request": {"url": f"{api_url}/healthz"},
        "script": {"script": 'echo "hello from $FOLIOT_JOB_ID"'},
        "sql_query": {"datasource": DATABASE, "query": QUERY},
    }


async def prove(api_url: str, key: str) -> str:
    """A table of the executions; fails if one does not complete in time."""
    headers = {"Authorization": f"Bearer {key}"}
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(api_url, headers=headers, timeout=timeout) as session:
        try:
            jobs = payloads(api_url).items()
            runs = await asyncio.gather(*(_run(session, job_type, payload) for job_type, payload in jobs))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClusterError(f"the API at {api_url} fails: {error or type(error).__name__}") from None
    return aligned([HEADINGS, *runs])


async def _run(session: aiohttp.ClientSession, job_type: str, payload: Fields) -> tuple[str, ...]:
    body = {"job_name": f"proof of {job_type}", "job_type": job_type, "schedule": "immediate"}
    job = await _call(session, "POST", "/v1/jobs", {**body, "payload": payload})
    job_id = job["job_id"]
    deadline = time.monotonic() + PATIENCE
    executions: list[Fields] = []
    while time.monotonic() < deadline:
        executions = (await _call(session, "GET", f"/v1/jobs/{job_id}/executions"))["items"]
        for execution in executions:
            if execution["status"] == "COMPLETED":
                return _row(job_type, execution)
        await asyncio.sleep(INTERVAL)
    raise ClusterError(
        f"job {job_id} ({job_type}) is not COMPLETED after {PATIENCE:g} s: {_last(executions)}"
    )


async def _call(session: aiohttp.ClientSession, method: str, path: str, body: Fields | None = None) -> Any:
    async with session.request(method, path, json=body) as response:
        if response.status >= 400:
            raise ClusterError(f"{method} {path} answered {response.status}", await response.text())
        return await response.json()


def _last(executions: list[Fields]) -> str:
    if not executions:
        return "it has no execution; see the logs of the schedulers"
    last = executions[0]
    return f"execution {last['execution_id']} is {last['status']}; {last['error_message'] or 'see the logs'}"


def _row(job_type: str, execution: Fields) -> tuple[str, ...]:
    scheduled, started = (
        datetime.fromisoformat(execution[name]) for name in ("scheduled_time", "start_time")
    )
    return (
        job_type,
        str(execution["job_id"]),
        str(execution["execution_id"]),
        execution["status"],
        str(execution["worker_id"]),
        execution["scheduled_time"],
        f"{(started - scheduled).total_seconds() * 1000:.0f}",
        str(execution["duration_ms"]),
    )
