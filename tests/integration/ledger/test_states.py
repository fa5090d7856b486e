"""The table of steps against all statements: an attempt changes its status as `model.states` says, and in no other way."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

from foliot.common.ledger.claim import Claims
from foliot.common.ledger.database import Database
from foliot.common.ledger.ending import Endings, LostRow
from foliot.common.ledger.postgres import Session
from foliot.common.model.execution import Handle, Outcome
from foliot.common.model.states import EXECUTION_STEPS, ExecutionStatus
from support.databases import TestDatabase
from support.ledger import Sql
from support.making import insert_job

CLAIM = 7
LIVING_WORKER = (
    "INSERT INTO workers (claim, worker_id, pools, slots) VALUES ($1, 'w', '{default}', 1) ON CONFLICT DO NOTHING"
)
NOW = datetime.now(UTC)
Step = Callable[[Session, Handle, int], Awaitable[object]]


def recorded(status: ExecutionStatus) -> Step:
    async def step(session: Session, handle: Handle, _job_id: int) -> object:
        outcome = Outcome(execution_id=handle.execution_id, scheduled_time=handle.scheduled_time, status=status.value)
        return await Claims(session).record_executions([outcome], [0.0], CLAIM, plain=False)

    return step


STEPS: dict[str, Step] = {
    "claim": lambda session, handle, _: Claims(session).claim_executions([handle], "w", CLAIM, 30.0, False),
    "claim again": lambda session, handle, _: Claims(session).claim_executions([handle], "w", CLAIM, 30.0, True),
    "fail unclaimable": lambda session, handle, _: Claims(session).fail_unclaimable(handle, "why"),
    "release claimed": lambda session, handle, _: Claims(session).release_claimed([handle], CLAIM),
    "hand back": lambda session, handle, _: Claims(session).hand_back([handle]),
    "renew": lambda session, handle, _: Claims(session).renew_leases([handle], CLAIM, 30.0),
    "cancel": lambda session, handle, _: Endings(session).cancel_execution(handle),
    "cancel open": lambda session, _, job_id: Endings(session).cancel_open([job_id]),
    "rescue": lambda session, handle, job_id: Endings(session).rescue_lost(
        [LostRow(handle.execution_id, handle.scheduled_time, job_id)], [CLAIM]
    ),
    "release waiting": lambda session, _, job_id: Endings(session).release_waiting([job_id]),
    **{
        f"record {status.value}": recorded(status)
        for status in (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED)
    },
}  # fmt: skip


async def test_the_statements_take_the_steps_of_the_table_and_no_others(database: TestDatabase) -> None:
    taken: dict[tuple[str, str], set[str]] = {}
    async with (
        database.owner() as sql,
        Database(database.owner_url, lambda session: session, size=1, name="steps") as sessions,
    ):
        for (name, step), before, job_status in product(STEPS.items(), ExecutionStatus, ("PENDING", "CANCELLED")):
            job_id = await insert_job(sql, status=job_status, open_since=NOW - timedelta(days=1))
            handle = await attempt(sql, job_id, before)
            await sql.execute(LIVING_WORKER, CLAIM)
            async with sessions.session() as session:
                await step(session, handle, job_id)
            after = await sql.fetchval("SELECT status FROM executions")
            if after != before:
                taken.setdefault((before.value, after), set()).add(name)
            await sql.execute("DELETE FROM executions")
    table = {(before.value, after.value) for before, steps in EXECUTION_STEPS.items() for after in steps}
    assert set(taken) == table, taken


async def attempt(sql: Sql, job_id: int, status: ExecutionStatus) -> Handle:
    """One attempt in that status; a running one is of the claim token CLAIM, and its lease has passed."""
    ended = status not in (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING)
    claim = CLAIM if status is ExecutionStatus.RUNNING else None
    row = await sql.fetchrow(
        """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, dispatched_at, start_time,
               end_time, claim, lease_until)
           VALUES ($1, 1, $2, $3, $3, $3, $3, $4, $5, $3) RETURNING execution_id, scheduled_time""",
        job_id, status.value, NOW - timedelta(minutes=1), NOW if ended else None, claim,
    )  # fmt: skip
    assert row is not None
    return Handle(row["execution_id"], row["scheduled_time"])


def test_the_picture_shows_the_table() -> None:
    """docs/states.md lists each step of an attempt: `| BEFORE -> AFTER, AFTER |`."""
    text = (Path(__file__).parents[3] / "docs" / "states.md").read_text()
    listed = re.findall(r"^\| ([A-Z]+) -> ([A-Z, ]+?) \|", text, re.MULTILINE)
    shown = {(before, after) for before, afters in listed for after in afters.split(", ")}
    assert shown == {(before.value, after.value) for before, steps in EXECUTION_STEPS.items() for after in steps}
