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
ENDED = ("FAILED", "TIMEOUT", "CANCELLED")
GIVEN_UP = ("FAILED", "CANCELLED")
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


async def prove(api_url: str, key: str, pool: str = "default") -> str:
    """A table of the executions; fails, with the same table, if one does not complete in time. The jobs are deleted:
    a list of jobs is the user's own. Their executions stay."""
    headers = {"Authorization": f"Bearer {key}"}
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(api_url, headers=headers, timeout=timeout) as session:
        try:
            jobs = payloads(api_url).items()
            runs = await asyncio.gather(*(_run(session, job_type, payload, pool) for job_type, payload in jobs))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClusterError(f"the API at {api_url} fails: {error or type(error).__name__}") from None
    table = aligned([HEADINGS, *(_row(job_type, run) for job_type, run in zip(payloads(api_url), runs, strict=True))])
    for job_type, run in zip(payloads(api_url), runs, strict=True):
        if run.get("status") != "COMPLETED":
            why = run.get("error_message") or "see the logs of the schedulers and workers"
            raise ClusterError(f"the {job_type} job did not complete: {why}", table)
    return table


async def _run(session: aiohttp.ClientSession, job_type: str, payload: Fields, pool: str) -> Fields:
    """The newest execution of a new job, when it is completed, given up, or late."""
    body = {"job_name": f"proof of {job_type}", "job_type": job_type, "schedule": "immediate", "payload": payload}
    job = await _call(session, "POST", "/v1/jobs", {**body, "pool": pool})
    path = f"/v1/jobs/{job['job_id']}"
    try:
        return await _newest(session, path, job["job_id"])
    finally:
        await _call(session, "DELETE", path)


async def _newest(session: aiohttp.ClientSession, path: str, job_id: int) -> Fields:
    deadline = time.monotonic() + PATIENCE
    newest: Fields = {"job_id": job_id, "status": "none"}
    while time.monotonic() < deadline:
        newest, *_ = (await _call(session, "GET", f"{path}/executions"))["items"] or [newest]
        if newest["status"] == "COMPLETED":
            break
        if newest["status"] in ENDED and (await _call(session, "GET", path))["status"] in GIVEN_UP:
            break
        await asyncio.sleep(INTERVAL)
    return newest


async def _call(session: aiohttp.ClientSession, method: str, path: str, body: Fields | None = None) -> Any:
    async with session.request(method, path, json=body) as response:
        if response.status == 401:
            raise ClusterError("the stored admin key is not valid any more: run make key, then make up")
        if response.status >= 400:
            raise ClusterError(f"{method} {path} answered {response.status}", await response.text())
        return await response.json() if response.status != 204 else None


def _row(job_type: str, execution: Fields) -> tuple[str, ...]:
    names = ("job_id", "execution_id", "status", "worker_id", "scheduled_time", "lateness", "duration_ms")
    found = {**execution, "lateness": _lateness(execution)}
    return (job_type, *("-" if found.get(name) is None else str(found[name]) for name in names))


def _lateness(execution: Fields) -> str | None:
    if not execution.get("start_time"):
        return None
    scheduled = datetime.fromisoformat(execution["scheduled_time"])
    return f"{(datetime.fromisoformat(execution['start_time']) - scheduled).total_seconds() * 1000:.0f}"
