"""Invariants of attempts: their steps, their claims, their work and their records."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from simulate.statements.effects import Work
from simulate.statements.evidence import Evidence
from simulate.statements.history import Change
from simulate.statements.violation import Violation

STEPS = {
    ("QUEUED", "RUNNING"), ("QUEUED", "CANCELLED"), ("QUEUED", "FAILED"), ("RUNNING", "QUEUED"),
    ("RUNNING", "COMPLETED"), ("RUNNING", "FAILED"), ("RUNNING", "TIMEOUT"), ("RUNNING", "CANCELLED"),
}  # fmt: skip
"""The allowed steps, written a second time (docs/states.md is the product's own)."""
LOST = "worker lost"


def steps_are_allowed(evidence: Evidence) -> None:
    """Only allowed steps; an end is final."""
    for was, now in _updates(evidence):
        if was["end_time"] is not None and any(was[name] != now[name] for name in ("status", "end_time", "claim")):
            raise Violation("an end is final", (was, now))
        if was["status"] != now["status"] and (was["status"], now["status"]) not in STEPS:
            raise Violation("only allowed steps", (was, now))


def claims_hold(evidence: Evidence) -> None:
    """What a token holds is taken by nobody else before it ends, and is rescued only after its lease."""
    for was, now in _updates(evidence):
        if was["status"] != "RUNNING":
            continue
        if now["status"] == "RUNNING" and was["claim"] != now["claim"]:
            raise Violation("a claim is taken over", (was, now))
        if now["error_message"] == LOST and was["error_message"] != LOST and was["lease_until"] >= now["end_time"]:
            raise Violation("rescued before the end of its lease", (was, now))


def records_are_of_the_claimant(evidence: Evidence) -> None:
    """A result is recorded under the token of its claim, by the process that has done the work, and after it."""
    for said in evidence.said:
        if said.name != "record_executions":
            continue
        for row in said.result:
            ends = [change for change in evidence.attempts[row["execution_id"]].changes if _ends(change)]
            if not ends:  # rolled back
                continue
            work = _work(evidence, row["execution_id"])
            was = ends[0].was
            assert was is not None
            if was["claim"] != said.args[7] or work is None or work.claim != said.args[7] or work.end is None:
                raise Violation("recorded by somebody else than its claimant", (said.process, work, was))


def work_has_a_claim(evidence: Evidence) -> None:
    """Each work has a committed claim of its token; no attempt is started twice."""
    started: defaultdict[int, list[Work]] = defaultdict(list)
    for work in evidence.effects.work:
        started[work.execution_id].append(work)
    for execution_id, works in started.items():
        if len(works) > 1:
            raise Violation("an attempt was started twice", works)
        changes = evidence.attempts[execution_id].changes
        if not any(c.now and c.now["status"] == "RUNNING" and c.now["claim"] == works[0].claim for c in changes):
            raise Violation("work without a claim", works)


def work_of_a_run_never_overlaps(evidence: Evidence) -> None:
    """Two attempts of a run are never carried out at once, wherever they are."""
    runs: defaultdict[str, list[Work]] = defaultdict(list)
    for work in evidence.effects.work:
        runs[work.run].append(work)
    for works in runs.values():
        for earlier, later in pairwise(works):
            if earlier.end is None or later.start < earlier.end:
                raise Violation("two attempts of a run at once", (earlier, later))


def nothing_starts_after_a_cancel(evidence: Evidence) -> None:
    """Once a cancel or a deletion is answered, nothing of the job is claimed to run, retried or planned, unless somebody
    asked for a restore."""
    cancelled, restored = evidence.effects.cancelled, evidence.effects.restored
    for said in evidence.said:
        if said.name not in (
            "claim_executions",
            "insert_retries",
            "insert_replays",
            "plan_plain_ticks",
            "insert_planned",
        ):
            continue
        for row in said.result:
            ran = said.name != "claim_executions" or row["status"] == "RUNNING"
            job_id = row["job_id"]
            if ran and job_id in cancelled and job_id not in restored and said.granted > cancelled[job_id]:
                raise Violation("something of a cancelled job goes on", (said.process, said.name, row))


def a_cancel_reaches_what_is_open(evidence: Evidence) -> None:
    """Once a cancel or a deletion is answered, what still runs of the job is asked to end. A retry that came into being at
    that moment is ended by its claim. A job that was restored runs again."""
    for attempt in evidence.attempts.values():
        last = attempt.last
        cancelled = last["job_id"] in evidence.effects.cancelled and last["job_id"] not in evidence.effects.restored
        runs_on = cancelled and last["status"] == "RUNNING"
        if runs_on and last["cancel_requested_at"] is None:
            raise Violation("an attempt of a cancelled job is not asked to end", last)


def attempts_have_no_holes(evidence: Evidence) -> None:
    """The attempts of a run are numbered from 1 and follow one another: one is open at most."""
    runs: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for attempt in evidence.attempts.values():
        runs[attempt.first["job_id"], attempt.first["scheduled_time"]].append(attempt.last)
    for rows in runs.values():
        numbers = sorted(row["attempt_number"] for row in rows)
        if numbers != list(range(1, len(rows) + 1)):
            raise Violation("attempts have a hole", rows)
        if sum(row["end_time"] is None for row in rows) > 1:
            raise Violation("two open attempts of a run", rows)


def runs_have_the_definition_of_their_claim(evidence: Evidence) -> None:
    """An attempt carries out the payload of the job's version that its row names."""
    for said in evidence.said:
        if said.name != "claim_executions":
            continue
        for row in said.result:
            claims = [c.now for c in evidence.attempts[row["execution_id"]].changes if c.now and c.now["claim"]]
            if not claims:
                continue
            versions = [c.now for c in evidence.jobs[row["job_id"]] if c.now]
            wanted = [job["payload"] for job in versions if job["version"] == claims[0]["job_version"]]
            if wanted and row["payload"] not in wanted:
                raise Violation("another definition ran than the one that is recorded", (row["payload"], wanted))


def the_planner_cancels_for_a_new_run(evidence: Evidence) -> None:
    """`cancel_running` ends what runs because something else runs instead."""
    planned = {change.xid for change in evidence.changes if change.what == "execution" and change.was is None}
    for change in evidence.changes:
        if change.what != "execution" or not change.was or not change.now or change.xid in planned:
            continue
        asked = change.was["cancel_requested_at"] is None and change.now["cancel_requested_at"] is not None
        if asked and evidence.service(change.pid) == "scheduler":
            raise Violation("the planner cancels and plans nothing", (change.was, change.now))


def cancel_running_cancels(evidence: Evidence) -> None:
    """A run that `cancel_running` plans waits for what runs, which is asked to end in the same transaction."""
    for change in evidence.changes:
        row = change.now
        if change.what != "execution" or change.was is not None or row is None or row["trigger"] != "schedule":
            continue
        jobs = [c.now for c in evidence.jobs[row["job_id"]] if c.seq < change.seq and c.now]
        if row["end_time"] or row["available_at"] or not jobs or jobs[-1]["overlap_policy"] != "cancel_running":
            continue
        last = max(one.seq for one in evidence.changes if one.xid == change.xid)
        for attempt in evidence.of_job(row["job_id"]):
            states = [c.now for c in attempt.changes if c.seq <= last and c.now]
            if states and states[-1]["status"] == "RUNNING" and states[-1]["cancel_requested_at"] is None:
                raise Violation("cancel_running does not cancel", (row, states[-1]))


def planned_by_the_definition_in_force(evidence: Evidence) -> None:
    """A tick has the priority, and waits or is skipped by the policy, that its job has when it is written."""
    for change in evidence.changes:
        row = change.now
        if change.what != "execution" or change.was is not None or row is None or row["trigger"] != "schedule":
            continue
        jobs = [c.now for c in evidence.jobs[row["job_id"]] if c.seq < change.seq and c.now]
        if not jobs or evidence.service(change.pid) != "scheduler":
            continue
        policy, waits = jobs[-1]["overlap_policy"], row["end_time"] is None and row["available_at"] is None
        meets = row["error_message"] == "overlap" or waits
        if (meets and policy == "allow") or row["priority"] != jobs[-1]["priority"]:
            raise Violation("a tick is planned by a former definition", (row, jobs[-1]))


def _updates(evidence: Evidence) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(c.was, c.now) for c in evidence.changes if c.what == "execution" and c.was and c.now]


def _ends(change: Change) -> bool:
    return bool(change.was and change.now and change.was["end_time"] is None and change.now["end_time"] is not None)


def _work(evidence: Evidence, execution_id: int) -> Work | None:
    return next((work for work in evidence.effects.work if work.execution_id == execution_id), None)
