"""The cost of metrics and logs: CPU a job at one steady rate, with both and without either."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.jobs import check_recurring, in_seconds, insert_recurring, pause_recurring, settle, until
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig

RATE = 3_000
PERIOD = 10
WARM_UP = 5
SERVICES = ("api", "scheduler", "worker")
BLIND = str(Path(__file__).with_name("blind"))
OFF = {f"{service.upper()}__{name}": value for service in SERVICES
       for name, value in (("FOLIOT_LOG_LEVEL", "ERROR"), ("PYTHONPATH", BLIND))}  # fmt: skip
_IN_WINDOW = "SELECT count(*) FROM executions WHERE status = 'COMPLETED' AND end_time >= $1 AND end_time < now()"


class Steady:
    """Recurring noop jobs at a rate that both can follow."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._environment = environment

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        async with rig.database() as database, rig.foliot(database, environment=self._environment) as bench:
            due = await in_seconds(bench.sql, 8)
            await insert_recurring(bench.sql, RATE, PERIOD, due)
            await settle(bench.sql)
            await until(bench.sql, due)
            await asyncio.sleep(WARM_UP)
            begun, watch = await in_seconds(bench.sql, 0), bench.watch()
            await asyncio.sleep(rig.settings.seconds)
            done = await bench.sql.fetchval(_IN_WINDOW, begun)
            figures = watch.figures(max(1, done))
            await pause_recurring(bench.sql)
            await bench.until_idle("the rest")
            problems = await check_recurring(bench.sql, PERIOD)
        services = sum(
            value for name, value in figures.items() if name.startswith(tuple(f"cpu_us.{s}-" for s in SERVICES))
        )
        return figures | {
            "jobs": done,
            "per_second": round(done / figures["seconds"]),
            "services_us": round(services, 1),
            "problems": problems,
        }


OBSERVED, UNOBSERVED = Steady("metrics and logs", {}), Steady("neither", OFF)
