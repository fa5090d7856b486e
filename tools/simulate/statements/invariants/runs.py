"""Invariants of runs and jobs: overlap, waits, open_since, dead letters, the end of a job."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulate.statements.evidence import Evidence
from simulate.statements.violation import Violation

RETRIED = ("FAILED", "TIMEOUT")
ENDED = ("COMPLETED", "FAILED")


def overlap_is_as_allowed(evidence: Evidence) -> None:
    """At each commit at most one run of a job goes on, unless somebody allowed more."""
    open_runs: defaultdict[int, set[str]] = defaultdict(set)
    for attempt in evidence.attempts.values():
        last = attempt.last
        if last["end_time"] is None and last["available_at"] is not None:
            open_runs[last["job_id"]].add(last["scheduled_time"])
    for job_id, runs in open_runs.items():
        if len(runs) > 1 and job_id not in evidence.effects.overlapping and not _ever_allowed(evidence, job_id):
            raise Violation("runs of a job overlap", (job_id, sorted(runs)))


def _ever_allowed(evidence: Evidence, job_id: int) -> bool:
    return any(change.now and change.now["overlap_policy"] == "allow" for change in evidence.jobs[job_id])


def open_since_is_no_later_than_the_oldest_open_run(evidence: Evidence) -> None:
    """Else the open run is found by nobody."""
    for attempt in evidence.attempts.values():
        last = attempt.last
        if last["end_time"] is None and evidence.jobs[last["job_id"]]:
            job = evidence.jobs[last["job_id"]][-1].now
            if job and (job["open_since"] is None or job["open_since"] > last["scheduled_time"]):
                raise Violation("open_since misses an open run", (job["open_since"], last))


def a_job_ends_once_and_last(evidence: Evidence) -> None:
    """A job ends when nothing of it is open, with the outcome of its last run."""
    for change in evidence.changes:
        if change.what != "job" or not change.was or not change.now:
            continue
        if change.was["status"] not in ("PENDING", "PAUSED") or change.now["status"] not in ENDED:
            continue
        if evidence.service(change.pid) == "api" and change.was["version"] != change.now["version"]:
            continue
        runs = [a for a in evidence.of_job(change.now["job_id"]) if a.changes[0].seq < change.seq]
        still = [a.last for a in runs if a.end is None or a.end > change.seq]
        if still:
            raise Violation("a job ended before its runs", (change.now, still))
        ran = [a.last for a in runs if a.last["status"] != "SKIPPED"]
        last = max(ran, key=lambda row: (row["scheduled_time"], row["attempt_number"]), default=None)
        wanted = "FAILED" if last is None else {"TIMEOUT": "FAILED"}.get(last["status"], last["status"])
        if change.now["status"] != wanted:
            raise Violation("a job has not the outcome of its last run", (change.now, last))


async def what_failed_is_a_dead_letter(evidence: Evidence) -> None:
    """Each run that was given up, and nothing else, has one dead letter. Looked at in the end."""
    letters = {row["execution_id"] for row in await evidence.rows("SELECT execution_id FROM dead_letters")}
    last: dict[tuple[int, str], Any] = {}
    for attempt in sorted(evidence.attempts.values(), key=lambda one: one.last["attempt_number"]):
        last[attempt.last["job_id"], attempt.last["scheduled_time"]] = attempt.last
    for row in last.values():
        if row["status"] in RETRIED and row["execution_id"] not in letters:
            raise Violation("a run that failed is no dead letter", row)
        if row["status"] == "COMPLETED" and row["execution_id"] in letters:
            raise Violation("a success is a dead letter", row)


async def nothing_is_left_open(evidence: Evidence) -> None:
    """Once the faults are over everything ends, and nothing waits that nobody releases. Looked at in the end."""
    left = [attempt.last for attempt in evidence.attempts.values() if attempt.last["end_time"] is None]
    if left:
        raise Violation("something never ends", left)
    undone = await evidence.rows(
        "SELECT job_id, status FROM jobs WHERE status = 'PENDING' AND next_run_time IS NULL AND schedule <> 'manual'"
    )
    if undone:
        raise Violation("a job that nothing arms has no outcome", [dict(row) for row in undone])


async def the_last_status_is_that_of_the_last_run(evidence: Evidence) -> None:
    """In the order of the ends. Where runs go on beside each other, the order of two commits decides, which nobody sees
    here. Looked at in the end."""
    ends: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for attempt in sorted(evidence.attempts.values(), key=lambda one: one.end or 0):
        if attempt.last["status"] != "SKIPPED":
            ends[attempt.last["job_id"]].pop(attempt.last["scheduled_time"], None)
            ends[attempt.last["job_id"]][attempt.last["scheduled_time"]] = attempt.last
    query = "SELECT j.job_id, j.status, l.last_status FROM jobs j LEFT JOIN last_statuses l USING (job_id)"
    for row in await evidence.rows(query):
        job_id, runs = row["job_id"], list(ends[row["job_id"]].values())
        if job_id in evidence.effects.overlapping or _ever_allowed(evidence, job_id):
            continue
        told = row["last_status"] or ("COMPLETED" if row["status"] == "COMPLETED" else None)
        if told != (runs[-1]["status"] if runs else None):
            raise Violation("the last status is not that of the last run", (dict(row), runs[-1:]))
