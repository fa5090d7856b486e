"""Loads that a planner must stand: a two-hour outage of minutely jobs, and very many jobs due at one instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from foliot.common.ledger.database import Database
from foliot.scheduler.planner import Planner
from foliot.scheduler.unit import Unit
from planning.filling import Sql, a_planner, fill
from support.callbacks import watched_callbacks
from support.costs import Cost

POLICIES = ("skip", "run_once", "run_all")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The time at which the clock stands, give or take microseconds: one minutely tick is within the grace of a minute."""
OUTAGE = timedelta(hours=2)


class Figures(msgspec.Struct, frozen=True):
    """`slowest`: the cost of the costliest callback, and `what` says which it was."""

    steps: int
    slowest: float
    what: str


async def plan_all(planner: Planner, sql: Sql, cost: Cost) -> Figures:
    """Step until nothing is due."""
    steps = 0
    with watched_callbacks(cost) as seen:
        while await sql.fetchval("SELECT EXISTS (SELECT FROM jobs WHERE next_run_time <= $1)", NOON):
            await planner.step()
            steps += 1
    return Figures(steps, seen.slowest, seen.what)


async def outage(units: Database[Unit], sql: Sql, jobs: int, cost: Cost) -> tuple[Figures, list[str]]:
    """`jobs` minutely jobs of each misfire policy that were due for two hours. Gives figures and what is wrong."""
    for policy in POLICIES:
        for overlap in ("skip", "allow", "queue_one", "cancel_running"):
            await fill(
                sql, jobs // 4, schedule="* * * * *", due=NOON - OUTAGE, misfire_policy=policy, overlap_policy=overlap
            )
    figures = await plan_all(await a_planner(units), sql, cost)
    return figures, await check_outage(sql)


async def check_outage(sql: Sql) -> list[str]:
    """Of the ticks since the outage began each job ran and skipped exactly as many as its policy says, once each."""
    rows = await sql.fetch(
        """SELECT j.job_id, j.misfire_policy, j.overlap_policy,
               count(*) FILTER (WHERE e.status <> 'SKIPPED') AS runs,
               sum(COALESCE(e.skipped_count, 1)) FILTER (WHERE e.status = 'SKIPPED') AS skipped,
               count(*) FILTER (WHERE e.status <> 'SKIPPED' AND e.available_at IS NOT NULL) AS at_once,
               max(e.scheduled_time) FILTER (WHERE e.status = 'SKIPPED') AS last_skip,
               min(e.scheduled_time) FILTER (WHERE e.status <> 'SKIPPED') AS first_run
           FROM jobs j LEFT JOIN executions e USING (job_id) GROUP BY j.job_id"""
    )
    return [f"job {row['job_id']}: {dict(row)}" for row in rows if not _right(dict(row))]


def _right(row: dict[str, Any]) -> bool:
    """Of 121 ticks one is within the grace; of 120 late ones run as many as the policy says."""
    runs = 1 + {"skip": 0, "run_once": 1, "run_all": 100}[row["misfire_policy"]]
    at_once = row["runs"] if row["overlap_policy"] == "allow" else min(1, row["runs"])
    counted = row["runs"] == runs and int(row["skipped"]) == 121 - runs
    return counted and row["last_skip"] < row["first_run"] and row["at_once"] == at_once
