"""Invariants of ticks, by the rules that are written a second time: none is lost, invented or covered twice."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from planning.model import Rules
from planning.translation import rules_of
from simulate.statements.evidence import Evidence
from simulate.statements.violation import Violation

_AHEAD = timedelta(milliseconds=100)
_BEFORE = timedelta(microseconds=1)


def planned_ticks_are_the_rules(evidence: Evidence) -> None:
    """Where the planner moved a job from one tick to another, each tick from the one up to the other has its row."""
    for change in evidence.changes:
        if change.what != "job" or not change.was or not change.now or evidence.service(change.pid) != "scheduler":
            continue
        begin, end = _time(change.was["next_run_time"]), _time(change.now["next_run_time"])
        if begin is None or begin == end or change.was["status"] != "PENDING":
            continue
        if end is not None and end < begin:
            raise Violation("next_run_time goes back", (change.was, change.now))
        rules, begin = _rules(change.was), max(begin, evidence.floor(change.seq))
        covered = _covered(evidence, change.now["job_id"], begin, end, rules)
        if end is not None:
            wanted = [tick for tick in rules.ticks(begin - _BEFORE, end) if begin <= tick < end]
        else:  # the last ticks: those that were due, and of them what max_runs allows
            wanted = [tick for tick in rules.ticks(begin - _BEFORE, change.at + _AHEAD) if begin <= tick]
            wanted = wanted[: len(covered)] if rules.max_runs is not None else wanted
        if covered != wanted:
            raise Violation("ticks and rows differ", (change.was, change.now, covered, wanted))


def max_runs_counts_runs(evidence: Evidence) -> None:
    """The planner counts the runs that it makes, no more than max_runs, and ends a schedule at the last of them."""
    for change in evidence.changes:
        was, now = change.was, change.now
        if change.what != "job" or not was or not now or evidence.service(change.pid) != "scheduler":
            continue
        firsts = [one for one in evidence.of_job(now["job_id"]) if one.changes[0].xid == change.xid]
        made = [one.first for one in firsts if one.first["trigger"] == "schedule" and one.first["status"] != "SKIPPED"]
        planned = was["next_run_time"] != now["next_run_time"] and was["next_run_time"] is not None
        if not planned or now["max_runs"] is None:
            continue
        ended = now["next_run_time"] is None and now["end_at"] is None and now["schedule"][0] in "@*"
        if now["runs_planned"] != was["runs_planned"] + len(made) or now["runs_planned"] > now["max_runs"]:
            raise Violation("runs are not counted", (was, now, made))
        if ended and now["runs_planned"] < now["max_runs"]:
            raise Violation("a schedule ends before its last run", (was, now, made))


def what_a_change_drops_is_covered(evidence: Evidence) -> None:
    """Where a caller's change moves a job on, the ticks that were due have their rows. A single tick waits in a pause."""
    for change in evidence.changes:
        if change.what != "job" or not change.was or not change.now or evidence.service(change.pid) != "api":
            continue
        due = _time(change.was["next_run_time"])
        armed = (_time(change.now["next_run_time"]), _time(change.now["paused_run_time"]))
        if due is None or due > change.at or due in armed:
            continue
        rules, begin = _rules(change.was), max(due, evidence.floor(change.seq))
        wanted = [tick for tick in rules.ticks(begin - _BEFORE, change.at) if begin <= tick]
        covered = _covered(evidence, change.now["job_id"], begin, change.at + _BEFORE, rules)
        covered = [tick for tick in covered if tick not in armed]  # an edit to `immediate` has its own at that time
        if rules.max_runs is None and covered != wanted:
            raise Violation("a change drops ticks without a trace", (change.was, change.now, covered, wanted))


def nothing_is_written_before_the_floor(evidence: Evidence) -> None:
    """A month that is closed gets no tick and no replay any more: it may be dropped."""
    for change in evidence.changes:
        if change.what == "execution" and change.was is None and change.now and change.now["trigger"] != "retry":
            at = _time(change.now["scheduled_time"])
            if at is not None and at < evidence.floor(change.seq):
                raise Violation("a row before the floor of history", (change.now, evidence.floor(change.seq)))


def no_tick_is_covered_twice(evidence: Evidence) -> None:
    """One row for each tick of a job: a skipped range and a run, or two ranges, have none in common."""
    jobs: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for attempt in evidence.attempts.values():
        row = attempt.first
        if row["trigger"] == "schedule" and row["attempt_number"] == 1:
            first = _time(row["scheduled_time"])
            assert first is not None
            jobs[row["job_id"]].append((first, _time(row["skipped_until"]) or first))
    for job_id, spans in jobs.items():
        spans.sort()
        for (_, end), (begin, _) in pairwise(spans):
            if begin <= end:
                raise Violation("a tick is covered twice", (job_id, spans))


def a_restore_arms_no_tick_that_has_passed(evidence: Evidence) -> None:
    """What passed while a job was deleted does not run, but for a single tick."""
    for change in evidence.changes:
        was, now = change.was, change.now
        if change.what != "job" or not was or not now or not was["deleted_at"] or now["deleted_at"]:
            continue
        tick = _time(now["next_run_time"])
        if tick is not None and tick <= change.at and ("*" in now["schedule"] or "@" in now["schedule"]):
            raise Violation("a restore arms a tick that has passed", (was, now))


def _covered(evidence: Evidence, job_id: int, begin: datetime, end: datetime | None, rules: Rules) -> list[datetime]:
    """The ticks from `begin` to before `end` that have a row, or lie in a range that was skipped."""
    found: list[datetime] = []
    for attempt in evidence.of_job(job_id):
        row = attempt.first
        first, last = _time(row["scheduled_time"]), _time(row["skipped_until"])
        assert first is not None
        if row["trigger"] != "schedule" or row["attempt_number"] != 1 or first < begin or (end and first >= end):
            continue
        found += [first] if last is None else rules.ticks(first - _BEFORE, last)
    return sorted(found)


def _rules(job: dict[str, Any]) -> Rules:
    since = _time(job["schedule_since"])
    assert since is not None
    return rules_of(job, since)


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
