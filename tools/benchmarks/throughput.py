"""Jobs a second from due to COMPLETED recorded: a backlog that is drained, and a load that lasts."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator

from benchmarks.jobs import (
    check_one_time,
    check_recurring,
    in_seconds,
    insert_one_time,
    insert_recurring,
    pause_recurring,
    settle,
    until,
)
from benchmarks.results import Figures, Results
from benchmarks.rig import Bench, Rig

LOADED_PER_SECOND = 20_000
DUE_WITHIN = 0.1
OVERLOAD = 1.1
"""Little: what is offered beyond what can be done is planned too, and takes its share from what is counted."""
WARM_UP = 5
_ENDED = """
SELECT count(*) AS ended, extract(epoch FROM max(end_time) - $1::timestamptz)::float8 AS seconds FROM executions
WHERE status = 'COMPLETED'"""
_IN_WINDOW = """
SELECT count(*) FROM executions WHERE status = 'COMPLETED' AND end_time >= $1 AND end_time < $1 + make_interval(secs => $2)"""
_BEHIND = """
SELECT EXISTS (SELECT FROM jobs WHERE status = 'PENDING' AND next_run_time < now() - interval '1 s')
    OR EXISTS (SELECT FROM executions WHERE end_time IS NULL AND status = 'QUEUED' AND available_at < now() - interval '1 s')"""


class Drain:
    """One-time jobs, all due at one moment: from that moment to the last end_time."""

    name = "foliot drain"
    job_type = "noop"
    per_second = 4_000  # so many are drained for each second that a measurement is to last
    ahead = 5.0  # seconds to load and settle in, besides

    @contextlib.asynccontextmanager
    async def payload(self, _rig: Rig) -> AsyncIterator[tuple[str, dict[str, str]]]:
        """The jobs' payload as JSON, and what the processes' environment needs for it."""
        yield "{}", {}

    async def measure(self, rig: Rig, _results: Results | None = None, _round: int = 1) -> Figures:
        count = rig.settings.seconds * self.per_second
        async with (
            self.payload(rig) as (payload, environment),
            rig.database() as database,
            rig.foliot(database, environment=environment) as bench,
        ):
            due = await in_seconds(bench.sql, self.ahead + count / LOADED_PER_SECOND)
            await insert_one_time(bench.sql, count, due, DUE_WITHIN, self.job_type, payload)
            await settle(bench.sql)
            await until(bench.sql, due)
            watch = bench.watch()
            await bench.until_idle(f"of {count:,}")
            return watch.figures(count) | await _drained(bench, count, due)


async def _drained(bench: Bench, count: int, due: object) -> Figures:
    row = await bench.sql.fetchrow(_ENDED, due)
    assert row is not None
    problems = await check_one_time(bench.sql, count)
    if (executed := await bench.executed()) != count:
        problems.append(f"the workers counted {executed} attempts")
    return {
        "jobs": row["ended"],
        "seconds": round(row["seconds"], 2),
        "per_second": round(row["ended"] / row["seconds"]),
        "problems": problems,
    }


class Soak:
    """Recurring jobs, more than can be done: what is recorded in a window of that."""

    name = "foliot soak"

    async def measure(self, rig: Rig, results: Results, round_: int) -> Figures:
        rate = _first_rate(results, round_)
        while True:
            figures = await self._at(rig, rate)
            if figures["saturated"] or figures["problems"]:
                return figures
            print(f"      {rate:,} a second did not saturate it; more", flush=True)
            rate = _overload(rate)

    async def _at(self, rig: Rig, rate: int) -> Figures:
        seconds = rig.settings.seconds
        period = max(5, seconds // 2)
        async with rig.database() as database, rig.foliot(database) as bench:
            due = await in_seconds(bench.sql, 5 + rate * period / LOADED_PER_SECOND)
            await insert_recurring(bench.sql, rate, period, due)
            await settle(bench.sql)
            await until(bench.sql, due)
            await asyncio.sleep(WARM_UP)
            return await self._soaked(bench, seconds, period) | {"offered_per_second": rate}

    async def _soaked(self, bench: Bench, seconds: int, period: int) -> Figures:
        begun, done, watch = await in_seconds(bench.sql, 0), await bench.executed(), bench.watch()
        await asyncio.sleep(seconds)
        cpu = watch.figures(max(1, await bench.executed() - done))
        behind = await bench.sql.fetchval(_BEHIND)
        await pause_recurring(bench.sql)
        await bench.until_idle("the rest")
        ended = await bench.sql.fetchval(_IN_WINDOW, begun, float(seconds))
        problems = await check_recurring(bench.sql, period)
        recorded = await bench.sql.fetchval("SELECT count(*) FROM executions")
        if (executed := await bench.executed()) != recorded:
            problems.append(f"the workers counted {executed} attempts, {recorded} are recorded")
        return {
            **cpu,
            "jobs": ended,
            "seconds": seconds,
            "per_second": round(ended / seconds),
            "saturated": behind,
            "problems": problems,
        }


def _first_rate(results: Results, round_: int) -> int:
    """A tenth more than the round before could do; else what this round drained. A soak may do less than that, and of far
    too much the ticks are skipped that meet their job's last run; too little is seen, and more is offered."""
    before = results.get(Soak.name, round_ - 1)
    if before is not None:
        return _overload(before["per_second"])
    drained = results.get(Drain.name, round_)
    assert drained is not None, "the first soak's load is chosen by the drain of its round"
    return int(drained["per_second"])


def _overload(rate: int) -> int:
    return math.ceil(rate * OVERLOAD / 100) * 100
