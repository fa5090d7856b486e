"""The limit beside the rest: the same statements on the same server, without broker, services and decisions."""

from __future__ import annotations

from benchmarks.filling import fill_jobs
from benchmarks.limit import lifecycles_per_second
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig

JOBS = 100_000
CONNECTIONS = 2


class Limit:
    """Lifecycles a second: planned, claimed, recorded, in batches of 500."""

    name = "postgresql alone"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        async with rig.database() as database:
            async with database.owner() as sql:
                await fill_jobs(sql, JOBS)
            measured = await lifecycles_per_second(
                database.owner_url, JOBS, rig.settings.seconds, connections=CONNECTIONS
            )
        return {
            "jobs": measured.lifecycles,
            "seconds": round(measured.seconds, 2),
            "per_second": round(measured.per_second),
            "cpu_us.postgres": round(measured.server_us, 1),
            "cpu_us.client": round(measured.client_us, 1),
            "cpu_us": round(measured.server_us + measured.client_us, 1),
            "problems": [],
        }
