"""The storm: many callers do everything at once to few jobs, whose schedules and workers go on beside them."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter

from chaos.rig import Rig

Figures = dict[str, float]
CALLERS = 50
PAUSE = 0.02
"""Seconds between two calls of one caller."""
POLICIES = ("skip", "queue_one", "allow", "cancel_running")
SCHEDULES = ("@every 1s", "manual", "* * * * * *", "@every 2s")
ACTIONS = {
    "pause": 5, "resume": 6, "run": 6, "run with a policy": 2, "edit": 4, "edit the schedule": 3, "cancel a run": 4,
    "cancel": 0.2, "delete": 0.2, "many": 1,
}  # fmt: skip
"""What a caller does, by weight."""
MANY = ("pause", "resume", "run", "label")
"""What a caller does to many jobs at once."""
DEADLOCKS = "SELECT deadlocks::float8 FROM pg_stat_database WHERE datname = current_database()"
MOST_503 = 0.01
"""Share of the answers that may be 503: a caller that met the same lock again and again comes back later."""


class Storm:
    title = f"{CALLERS} callers on {len(POLICIES) * len(SCHEDULES)} jobs"
    rounds = 1
    seconds = 60.0

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._slowest = 0.0

    async def prepare(self, rig: Rig) -> None:
        for schedule, policy in itertools.product(SCHEDULES, POLICIES):
            await self._create(rig, schedule, policy)

    async def _create(self, rig: Rig, schedule: str, policy: str) -> None:
        script = "sleep 0.$(( $(date +%N | cut -c1) ))"
        retries = {"max_retries": 2, "backoff_factor": 0.1}
        await rig.create(1, schedule=schedule, overlap_policy=policy, payload={"script": script}, retry_policy=retries)

    async def round(self, rig: Rig) -> Figures:
        end = time.monotonic() + self.seconds
        await asyncio.gather(*(self._caller(rig, random.Random(number), end) for number in range(CALLERS)))
        calls = sum(self._answers.values())
        return {
            "calls": calls, "answers_500": self._share(500) * calls,
            "answers_503_percent": round(100 * self._share(503), 2), "slowest_s": round(self._slowest, 2),
            "deadlocks": await rig.value(DEADLOCKS),
        }  # fmt: skip

    def _share(self, wanted: int) -> float:
        found = sum(count for (_, status), count in self._answers.items() if status == wanted)
        return found / max(1, sum(self._answers.values()))

    async def _caller(self, rig: Rig, chance: random.Random, end: float) -> None:
        while time.monotonic() < end:
            (action,) = chance.choices(list(ACTIONS), list(ACTIONS.values()))
            job_id = chance.choice(rig.jobs)
            begun = time.monotonic()
            many = action == "many"
            status = await (self._act_on_many(rig, chance) if many else self._act(rig, chance, action, job_id))
            self._slowest = max(self._slowest, time.monotonic() - begun)
            self._answers[action, status] += 1
            await asyncio.sleep(PAUSE)

    async def _act(self, rig: Rig, chance: random.Random, action: str, job_id: int) -> int:
        path = f"/v1/jobs/{job_id}"
        match action:
            case "edit":
                return await _status(rig, "PATCH", path, {"description": str(chance.random())})
            case "edit the schedule":
                return await _status(rig, "PATCH", path, {"schedule": chance.choice((*SCHEDULES, "immediate"))})
            case "run with a policy":
                return await _status(rig, "POST", f"{path}/run", {"overlap_policy": chance.choice(POLICIES)})
            case "cancel a run":
                return await self._cancel_run(rig, job_id)
            case "delete" | "cancel":
                return await self._end(rig, chance, action, job_id)
        return await _status(rig, "POST", f"{path}/{action}")

    async def _act_on_many(self, rig: Rig, chance: random.Random) -> int:
        """In any order: it is the API that locks them in its own."""
        job_ids = chance.sample(rig.jobs, chance.randint(2, 5))
        action = chance.choice(MANY)
        labels = {"labels": {"storm": str(chance.random())}} if action == "label" else {}
        body: dict[str, object] = {"action": action, "job_ids": job_ids, **labels}
        return await _status(rig, "POST", "/v1/jobs/bulk", body)

    async def _cancel_run(self, rig: Rig, job_id: int) -> int:
        async with rig.foliot.http.get(f"/v1/jobs/{job_id}/executions?limit=3") as response:
            if response.status != 200:
                return response.status
            items = (await response.json())["items"]
        for item in items:
            if item["status"] in ("QUEUED", "RUNNING"):
                return await _status(rig, "POST", f"/v1/executions/{item['execution_id']}/cancel")
        return 200

    async def _end(self, rig: Rig, chance: random.Random, action: str, job_id: int) -> int:
        """Another job takes the place of one that is cancelled or deleted."""
        if job_id in rig.jobs:
            rig.jobs.remove(job_id)
            await self._create(rig, chance.choice(SCHEDULES), chance.choice(POLICIES))
        path = f"/v1/jobs/{job_id}"
        return (
            await _status(rig, "DELETE", path) if action == "delete" else await _status(rig, "POST", f"{path}/cancel")
        )

    async def check(self, rig: Rig) -> list[str]:
        problems = [
            f"{count} x {action} answered {status}"
            for (action, status), count in sorted(self._answers.items())
            if status >= 500 and status != 503
        ]
        if deadlocks := await rig.value(DEADLOCKS):
            problems.append(f"{deadlocks:g} deadlocks: somebody locks against the order")
        if self._share(503) > MOST_503:
            problems.append(f"{self._share(503):.1%} of the answers are 503")
        return problems + await rig.check(every_seconds=None)


async def _status(rig: Rig, method: str, path: str, body: dict[str, object] | None = None) -> int:
    async with rig.foliot.http.request(method, path, json=body) as response:
        await response.read()
        return response.status


STORM = Storm()
