"""From the fault to the person: real processes die, real Prometheus and Alertmanager, the receivers on loopback.

Only times and thresholds differ from what is committed; the rules are the same.
"""

from __future__ import annotations

import asyncio

from support.foliot import Foliot
from support.monitoring import Watched


async def kill(foliot: Foliot, service: str) -> None:
    for name, server in foliot.services.items():
        if name.startswith(service):
            await server.kill()


async def start(foliot: Foliot, service: str) -> None:
    await asyncio.gather(*(server.start() for name, server in foliot.services.items() if name.startswith(service)))


async def test_failing_jobs_page(watched: Watched) -> None:
    foliot, receivers = watched.foliot, watched.receivers
    job = await foliot.create(schedule="@every 1s", payload={"script": "exit 1"}, retry_policy={"max_retries": 0})
    page = await receivers.paged("HighJobFailureRate", "trigger")
    assert "Job failure rate is 100%" in page["payload"]["summary"]
    assert page["payload"]["severity"] == "critical"
    assert page["payload"]["custom_details"]["runbook"] == "docs/runbook.md#highjobfailurerate"
    await receivers.told("[FIRING] HighJobFailureRate")
    await foliot.call("DELETE", f"/v1/jobs/{job['job_id']}")
    await receivers.paged("HighJobFailureRate", "resolve")
    await receivers.told("[RESOLVED] HighJobFailureRate")


async def test_dead_workers_and_a_flood_are_told(watched: Watched) -> None:
    foliot, receivers = watched.foliot, watched.receivers
    await kill(foliot, "worker")
    text = (await receivers.told("[FIRING] WorkerDown"))["text"]
    assert "Only 0 workers are healthy (expected 2) (docs/runbook.md#workerdown)" in text
    await asyncio.gather(*(foliot.create() for _ in range(25)))
    assert "Queue depth is 25" in (await receivers.told("[FIRING] QueueDepthHigh"))["text"]
    await start(foliot, "worker")
    await receivers.told("[RESOLVED] WorkerDown")
    await receivers.told("[RESOLVED] QueueDepthHigh")
    assert not [page for page in receivers.pages if "WorkerDown" in page["dedup_alert"]], "a warning pages nobody"


async def test_dead_schedulers_page(watched: Watched) -> None:
    foliot, receivers = watched.foliot, watched.receivers
    await kill(foliot, "scheduler")
    page = await receivers.paged("SchedulerDown", "trigger")
    assert "Scheduler is down! No jobs being scheduled." in page["payload"]["summary"]
    await receivers.told("[FIRING] SchedulerDown")
    await start(foliot, "scheduler")
    await receivers.paged("SchedulerDown", "resolve")
    await receivers.told("[RESOLVED] SchedulerDown")
    assert receivers.refused == []
