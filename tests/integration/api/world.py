"""The API, a planner, and a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from foliot.common.clock import rfc3339
from foliot.common.ledger.database import Database
from foliot.scheduler.unit import Unit
from planning.filling import a_planner
from support.pinned_time import set_time

from .conftest import Api

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class World(Api):
    """A client of the API who has all three."""

    async def at(self, seconds: float) -> None:
        async with self.database.owner() as sql:
            await set_time(sql, NOON + timedelta(seconds=seconds))

    async def plan(self) -> None:
        async with Database(self.database.url("scheduler"), Unit, size=2, name="planner") as units:
            await (await a_planner(units)).step()

    async def end(self, job: dict[str, Any], status: str, late: float = 0.25) -> None:
        """The open attempt of a job ran: started `late` s after it was available."""
        await self.rows(
            """UPDATE executions SET status = $2, start_time = available_at + make_interval(secs => $3),
                   end_time = available_at + interval '5 s', job_version = 1 WHERE job_id = $1 AND end_time IS NULL""",
            job["job_id"], status, late,
        )  # fmt: skip

    async def step(self, job: dict[str, Any], step: str) -> None:
        status, answer, _ = await self.call("POST", f"/v1/jobs/{job['job_id']}/{step}")
        assert status in (200, 202), answer

    async def entries(self, job: dict[str, Any], first: float, last: float) -> list[dict[str, Any]]:
        answer = await self.ask(job, NOON + timedelta(seconds=first), NOON + timedelta(seconds=last))
        assert answer["next_from"] is None
        found: list[dict[str, Any]] = answer["items"]
        return found

    async def ask(self, job: dict[str, Any], first: datetime, last: datetime, more: str = "") -> Any:
        return await self.get(job, f"from={quote(rfc3339(first))}&to={quote(rfc3339(last))}&{more}")

    async def get(self, job: dict[str, Any], query: str = "") -> Any:
        path = f"/v1/jobs/{job['job_id']}/timeline?{query}"
        status, answer, _ = await self.call("GET", path)
        assert status == 200, answer
        return answer

    async def told(self, job: dict[str, Any], first: float, last: float) -> list[tuple[float, str, str | None]]:
        """(seconds after noon, outcome, reason)."""
        return [
            ((datetime.fromisoformat(e["scheduled_time"]) - NOON).total_seconds(), e["outcome"], e["reason"])
            for e in await self.entries(job, first, last)
        ]
