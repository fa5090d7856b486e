"""Migration 13: the column `queue` is called `pool`. What was there before keeps its meaning, and runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cluster.servers import Servers
from foliot.api.queries.unit import Unit as ApiUnit
from foliot.api.views.timeline import TimelineWanted, timeline
from foliot.common.ledger.database import Database
from foliot.common.ledger.workers import Offer
from foliot.common.model.execution import Handle
from foliot.common.model.scope import Scope
from foliot.scheduler.dispatcher import HAND_OUT_AHEAD
from foliot.scheduler.unit import Unit as SchedulerUnit
from foliot.worker.unit import Unit as WorkerUnit
from support.databases import TestDatabase
from support.upgrades import database_before, upgrade

NOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
EVERYBODY = Scope(everything=True, team_id=None, user_id=1)
FILL = """
INSERT INTO jobs (user_id, job_name, job_type, schedule, schedule_since, created_at, next_run_time, payload, queue, open_since)
VALUES (1, 'gpu job', 'script', '@every 30m', $1, $1, $1::timestamptz + interval '3 hours 30 minutes', '{}', 'gpu', $1::timestamptz + interval '3 hours');
"""
VERSIONS = """
INSERT INTO job_versions (job_id, version, status, definition, valid_from, valid_to) VALUES
(1, 1, 'PENDING', '{"schedule": "@every 1h", "timezone": "UTC", "dst_gap": "shift", "dst_overlap": "first", "queue": "cpu"}',
 $1::timestamptz, $1::timestamptz + interval '90 minutes'),
(1, 2, 'PENDING', '{"schedule": "@every 30m", "timezone": "UTC", "dst_gap": "shift", "dst_overlap": "first", "queue": "gpu"}',
 $1::timestamptz + interval '90 minutes', NULL)
"""
EXECUTIONS = """
INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, start_time, end_time, queue)
SELECT 1, 1, CASE WHEN n < 6 THEN 'COMPLETED' ELSE 'QUEUED' END, $1::timestamptz + n * interval '30 minutes', $1, $1,
    CASE WHEN n < 6 THEN $1 END, 'gpu' FROM generate_series(2, 6) n
"""


async def outcomes(database: TestDatabase) -> list[tuple[datetime, str]]:
    async with Database(database.url("api"), ApiUnit, size=1, name="t") as units, units.snapshot() as unit:
        job = await unit.jobs.select_job(1, EVERYBODY)
        assert job is not None
        wanted = TimelineWanted(given_from=NOON, given_to=NOON + timedelta(hours=4), newest_first=False, outcomes=None)
        found = await timeline(unit, job, wanted, NOON)
    return [(tick.scheduled_time, tick.outcome) for tick in found.items]


async def test_history_versions_and_open_runs_are_carried_on(servers: Servers, tmp_path: Path) -> None:
    async with database_before(servers, tmp_path, "0013") as database:
        async with database.owner() as sql:
            for statement in (FILL, VERSIONS, EXECUTIONS):
                await sql.execute(statement.strip().rstrip(";"), NOON)
            before = await sql.fetch("SELECT version, definition->>'queue' AS pool FROM job_versions ORDER BY version")
            await upgrade(database)
            after = await sql.fetch("SELECT version, definition->>'pool' AS pool FROM job_versions ORDER BY version")
            assert after == before
            assert not await sql.fetchval("SELECT bool_or(definition ? 'queue') FROM job_versions")
        told = await outcomes(database)
        assert [outcome for _, outcome in told] == ["COMPLETED"] * 4 + ["QUEUED", "TO_COME", "TO_COME"], told
        scheduler = Database(database.url("scheduler"), SchedulerUnit, size=1, name="s")
        async with scheduler as units, units.session() as unit:
            (work,) = await unit.dispatch.survey_open_work(10, HAND_OUT_AHEAD)
            assert (work.pool, work.waits_since is not None) == ("gpu", True)
            (handout,) = await unit.dispatch.take_backlog("gpu", 0, 10, HAND_OUT_AHEAD, NOON)
        async with Database(database.url("worker"), WorkerUnit, size=1, name="w") as workers, workers.session() as own:
            await own.workers.beat_worker(1, Offer(worker_id="w", pools=["gpu"], slots=1, datasources=[]), 0, 0)
            handle = Handle(handout.execution_id, handout.scheduled_time)
            (claimed,) = await own.claims.claim_executions([handle], "w", 1, 30.0, False)
            assert claimed.status == "RUNNING"
