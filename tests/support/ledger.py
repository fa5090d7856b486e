"""The checker: what the ledger and the effect log must say after faults, whatever happened."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import asyncpg
import msgspec

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Effect(msgspec.Struct, frozen=True):
    """One line that a job wrote by itself: start or end of an attempt, on the machine's clock (ns)."""

    what: str
    execution_id: int
    attempt: int
    at: int


@contextlib.asynccontextmanager
async def effect_directory() -> AsyncIterator[Path]:
    """A directory in which scripts of any user may write: not below a folder that a test runner keeps to itself, and not
    in /tmp where scripts have a /tmp of their own, which they have if root runs the workers."""
    with tempfile.TemporaryDirectory(prefix="foliot-effects-", dir="/run" if os.geteuid() == 0 else None) as made:
        os.chmod(made, 0o755)
        yield Path(made)


EFFECT = 'echo "$W $FOLIOT_EXECUTION_ID $FOLIOT_ATTEMPT $(date +%s%N)" >> {path}'


def effect_script(path: Path, body: str = "true") -> str:
    """A script that writes down when it starts and when it ends."""
    line = EFFECT.format(path=path)
    return f"W=start; {line}\n{body}\nW=end; {line}"


def read_effects(path: Path) -> list[Effect]:
    if not path.exists():
        return []
    lines = [line.split() for line in path.read_text().splitlines()]
    return [Effect(w, int(i), int(a), int(t)) for w, i, a, t in (line for line in lines if len(line) == 4)]


async def check_ticks(sql: Sql, job_id: int, every_seconds: float) -> list[str]:
    """Every tick of an `@every` job from the first to the last is covered exactly once."""
    rows = await sql.fetch(
        """SELECT extract(epoch FROM scheduled_time) AS tick, COALESCE(skipped_count, 1) AS n, attempt_number
           FROM executions WHERE job_id = $1 AND attempt_number = 1 ORDER BY scheduled_time""",
        job_id,
    )
    problems, expected = [], None
    for row in rows:
        tick = float(row["tick"])
        if expected is not None and abs(tick - expected) > 0.001:
            problems.append(f"job {job_id}: tick {tick} where {expected} was expected")
        expected = tick + every_seconds * row["n"]
    return problems if rows else [f"job {job_id}: no tick at all"]


async def check_ledger(sql: Sql) -> list[str]:
    """Attempts without holes, one open at a time, for the time that their rows say; no row of a term that was written after a newer
    one had begun."""
    runs = await sql.fetch(
        """SELECT job_id, scheduled_time, count(*) AS n, max(attempt_number) AS last,
               count(*) FILTER (WHERE end_time IS NULL) AS open
           FROM executions GROUP BY job_id, scheduled_time HAVING count(*) <> max(attempt_number)
               OR count(*) FILTER (WHERE end_time IS NULL) > 1"""
    )
    stale = await sql.fetch(
        """SELECT e.execution_id, e.term, t.term AS newer FROM executions e JOIN leader_terms t ON t.term > e.term
           WHERE e.trigger = 'schedule' AND e.created_at > t.since + interval '10 ms'"""
    )
    letters = await sql.fetch(
        """SELECT d.execution_id FROM dead_letters d JOIN executions e USING (execution_id, scheduled_time)
           WHERE e.status NOT IN ('FAILED', 'TIMEOUT')"""
    )
    durations = await sql.fetch(
        """SELECT execution_id, duration_ms, end_time - start_time AS lasted FROM executions
           WHERE (duration_ms IS NULL) <> (end_time IS NULL OR start_time IS NULL)
              OR abs(duration_ms - extract(epoch FROM end_time - start_time) * 1000) > 0.5"""
    )
    return [
        *(
            f"run {r['job_id']} {r['scheduled_time']}: {r['n']} attempts up to {r['last']}, {r['open']} open"
            for r in runs
        ),
        *(
            f"execution {r['execution_id']}: of term {r['term']}, written after term {r['newer']} had begun"
            for r in stale
        ),
        *(f"execution {r['execution_id']}: {r['duration_ms']} ms, lasted {r['lasted']}" for r in durations),
        *(f"dead letter {r['execution_id']} of an attempt that did not fail" for r in letters),
    ]


async def check_nothing_open(sql: Sql, job_ids: list[int]) -> list[str]:
    rows = await sql.fetch(
        "SELECT execution_id, status, available_at FROM executions WHERE end_time IS NULL AND job_id = ANY($1::bigint[])",
        job_ids,
    )
    return [
        f"execution {row['execution_id']} is still {row['status']}, available {row['available_at']}" for row in rows
    ]


async def check_effects(sql: Sql, effects: list[Effect]) -> list[str]:
    """The jobs' own notes: no attempt started twice or without a claim, none at the same time as another of its
    run, and COMPLETED exactly if the end was written."""
    rows = {row["execution_id"]: row for row in await sql.fetch("SELECT * FROM executions")}
    starts: defaultdict[int, list[Effect]] = defaultdict(list)
    ends = {effect.execution_id: effect for effect in effects if effect.what == "end"}
    for effect in effects:
        if effect.what == "start":
            starts[effect.execution_id].append(effect)
    problems = [f"execution {i} started {len(begun)} times" for i, begun in starts.items() if len(begun) > 1]
    problems += [f"execution {i} started without a claim" for i in starts if i not in rows or not rows[i]["start_time"]]
    problems += [
        f"execution {i} is COMPLETED and never ended"
        for i, row in rows.items()
        if row["status"] == "COMPLETED" and i in starts and i not in ends
    ]
    return problems + _overlaps(rows, starts, ends)


def _overlaps(rows: dict[int, asyncpg.Record], starts: dict[int, list[Effect]], ends: dict[int, Effect]) -> list[str]:
    runs: defaultdict[tuple[int, object], list[tuple[int, int]]] = defaultdict(list)
    for execution_id, begun in starts.items():
        if execution_id in rows:
            row = rows[execution_id]
            last = ends[execution_id].at if execution_id in ends else begun[0].at
            runs[row["job_id"], row["scheduled_time"]].append((begun[0].at, last))
    return [
        f"two attempts of run {run} overlap"
        for run, intervals in runs.items()
        for (_, former_end), (later_start, _) in itertools.pairwise(sorted(intervals))
        if later_start < former_end
    ]
