"""For each statement of the repositories: who runs it, with what, and how much it may read; or why it needs no bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson

KEYS = 20
"""Size of the batches that are tried."""
NOW = datetime.now(UTC)
LAST, LAST_ID = datetime(9999, 12, 31, tzinfo=UTC), 2**62
DAY = timedelta(days=1)
AHEAD = timedelta(milliseconds=25)


class Facts(msgspec.Struct, frozen=True):
    """Rows of the filled database: ended, open (dispatched or running) and waiting attempts, jobs, dead letters."""

    ended: list[tuple[int, datetime, int]]
    queued: list[tuple[int, datetime, int]]
    running: list[tuple[int, datetime, int]]
    waiting: list[tuple[int, datetime, int]]
    jobs: list[int]
    places: list[tuple[int, int]]
    xmins: list[int]
    letters: list[tuple[int, datetime]]
    row: dict[str, Any]


class Case(msgspec.Struct, frozen=True):
    """`pages`: at most that many pages of tables and indexes; a tenth of the smallest big index is 60."""

    role: str
    arguments: Callable[[Facts], list[Any]]
    pages: int = 60


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def ids(rows: list[tuple[Any, ...]]) -> list[int]:
    return [row[0] for row in rows]


def times(rows: list[tuple[Any, ...]]) -> list[datetime]:
    return [row[1] for row in rows]


BATCH = KEYS * 40
"""Pages of a batch that is written: each row with its indexes."""
PAGE = 600
"""Pages of a list of 51 things, each with a look at what it has open."""
NO_FILTER = [None, None, None, None, datetime(1, 1, 1, tzinfo=UTC), LAST, {}, None, None, None, None]

CASES: dict[str, Case] = {
    "api_keys.select_by_hash": Case("api", lambda f: ["\\x01"]),
    "audit_logs.list_audit": Case("api", lambda f: [LAST_ID, 51], PAGE),
    "audit_logs.list_team_audit": Case("api", lambda f: [LAST_ID, 51, 3], PAGE),
    "dead_letters.list_open": Case("api", lambda f: [LAST, LAST_ID, 51], PAGE),
    "dead_letters.list_owned_open": Case("api", lambda f: [LAST, LAST_ID, 51, 3], PAGE),
    "dead_letters.select_unsent": Case("scheduler", lambda f: [KEYS], BATCH),
    "dead_letters.mark_sent": Case("scheduler", lambda f: [ids(f.letters)], BATCH),
    "dead_letters.lock_open": Case("api", lambda f: [ids(f.letters)], BATCH),
    "dead_letters.close_letters": Case("api", lambda f: [ids(f.letters), "discarded"], BATCH),
    "dead_letters.select_open_among": Case("scheduler", lambda f: [ids(f.letters)], BATCH),
    "dead_letters.insert_dead_letters": Case(
        "worker", lambda f: [ids(f.ended), times(f.ended), ["x"] * KEYS, min(times(f.ended)), max(times(f.ended))], BATCH
    ),
    "ending.cancel_execution": Case("api", lambda f: list(f.queued[0][:2])),
    "ending.cancel_open": Case("api", lambda f: [[f.queued[0][2]]]),
    "ending.lock_open": Case("api", lambda f: [[f.queued[0][2]]]),
    "claim.claim_executions": Case("worker", lambda f: [ids(f.queued), times(f.queued), "w", 1, 30.0, False], BATCH),
    "claim.fail_unclaimable": Case("worker", lambda f: [*f.queued[0][:2], "why"]),
    "claim.hand_back": Case("worker", lambda f: [ids(f.queued), times(f.queued)], BATCH),
    "pauses.insert_pause": Case("api", lambda f: [f.jobs[0], 1, 1, NOW, "why", None]),
    "pauses.delete_pauses": Case("api", lambda f: [f.jobs], BATCH),
    "pauses.lock_ending": Case("scheduler", lambda f: [KEYS], BATCH),
    "pauses.select_ending": Case("scheduler", lambda f: [f.jobs], BATCH),
    "history.select_ended": Case("api", lambda f: [f.jobs, [NOW] * KEYS, [None] * KEYS], BATCH),
    "runs.has_run": Case("api", lambda f: [f.ended[0][2], f.ended[0][1]]),
    "plan.insert_planned": Case(
        "scheduler",
        lambda f: [f.jobs, [1] * KEYS, [None] * KEYS, ["QUEUED"] * KEYS, [NOW] * KEYS, [None] * KEYS, ["default"] * KEYS, [0] * KEYS,
                   [NOW] * KEYS, [True] * KEYS, [None] * KEYS, [None] * KEYS, [None] * KEYS, [None] * KEYS, 1,
                   f.jobs, [NOW + DAY] * KEYS, [NOW] * KEYS, [NOW] * KEYS, [1] * KEYS],
        2 * BATCH,
    ),
    "plan.plan_plain_ticks": Case(
        "scheduler",
        lambda f: [0, NOW, f.places, f.xmins, [NOW + DAY] * KEYS, None, None, None],
        2 * BATCH,
    ),
    "runs.insert_replays": Case(
        "api",
        lambda f: [ids(f.ended), times(f.ended), ["0"] * KEYS, min(times(f.ended)), max(times(f.ended)), None, None],
        2 * BATCH,
    ),
    "ending.insert_retries": Case("worker", lambda f: [ids(f.ended), times(f.ended), ["3 s"] * KEYS], BATCH),
    "runs.insert_run": Case("api", lambda f: [f.jobs[0], 1, None, "default", 0, None, None, None, False], 200),
    "runs.is_open": Case("api", lambda f: [f.queued[0][2]]),
    "runs.is_waiting": Case("api", lambda f: [f.queued[0][2]]),
    "history.list_by_job": Case("api", lambda f: [17, LAST, 1, 51], PAGE),
    "history.list_executions": Case("api", lambda f: [True, None, 1, NOW - DAY, NOW, None, None, LAST_ID, None, 51], PAGE),
    "history.list_executions_of_job": Case(
        "api", lambda f: [True, None, 1, NOW - DAY, NOW, None, None, LAST_ID, None, 51, f.jobs[0]], PAGE
    ),
    "claim.record_executions": Case(
        "worker",
        lambda f: [ids(f.running), times(f.running), ["COMPLETED"] * KEYS, [0] * KEYS, [None] * KEYS, [None] * KEYS, [None] * KEYS, 1,
                   [0.0] * KEYS, True],
        2 * BATCH,
    ),
    "claim.select_recorded": Case("worker", lambda f: [ids(f.ended), times(f.ended), [1]], BATCH),
    "claim.release_claimed": Case(
        "worker", lambda f: [ids(f.running), times(f.running), 1], BATCH
    ),
    "ending.note_outcomes": Case("worker", lambda f: [f.jobs, ["FAILED"] * KEYS], BATCH),
    "ending.release_waiting": Case("worker", lambda f: [f.jobs], BATCH),
    "claim.renew_leases": Case("worker", lambda f: [ids(f.running), times(f.running), 1, 30.0], BATCH),
    "ending.select_lost": Case("scheduler", lambda f: [[1], KEYS], BATCH),
    "ending.rescue_lost": Case("scheduler", lambda f: [ids(f.running), times(f.running), [1]], BATCH),
    "workers.select_stray_claims": Case("scheduler", lambda f: [], BATCH),
    "dispatch.select_dispatched": Case("scheduler", lambda f: [KEYS], BATCH),
    "history.select_execution": Case("api", lambda f: [f.ended[0][0], True, None, 1]),
    "history.list_latest_ticks": Case("api", lambda f: [f.ended[0][2], NOW - DAY, NOW, 100]),
    "history.list_ticks": Case("api", lambda f: [f.ended[0][2], NOW - DAY, NOW, 100]),
    "history.select_last_tick": Case("api", lambda f: [f.ended[0][2], NOW]),
    "dispatch.select_latest_claims": Case("scheduler", lambda f: [], BATCH),
    "ending.select_waiting_jobs": Case("scheduler", lambda f: [0, KEYS]),
    "dispatch.survey_open_work": Case("scheduler", lambda f: [200, AHEAD], BATCH),
    "dispatch.take_backlog": Case("scheduler", lambda f: ["default", 0, KEYS, AHEAD, NOW - DAY], BATCH),
    "dispatch.take_undelivered": Case("scheduler", lambda f: ["default", 0, NOW + DAY, KEYS], BATCH),
    "idempotency_keys.select_answer": Case("api", lambda f: [1, 0, "POST", "/v1/jobs", "77"]),
    "idempotency_keys.insert_answer": Case("api", lambda f: [1, 0, "POST", "/v1/jobs", "new", "\\x01", 201, {}, ""]),
    "jobs.list_jobs": Case("api", lambda f: [*NO_FILTER, 51, LAST, LAST_ID], PAGE),
    "jobs.list_owned_jobs": Case("api", lambda f: [*NO_FILTER, 51, LAST, LAST_ID, 3], PAGE),
    "jobs.list_open_jobs": Case("api", lambda f: ["RUNNING", *NO_FILTER[1:], 51, LAST, LAST_ID, None], 2 * BATCH),
    "jobs.list_keyed_jobs": Case(
        "api", lambda f: [*NO_FILTER[:7], "a key", None, None, None, 51, LAST, LAST_ID, None], PAGE
    ),
    "versions.list_versions": Case("api", lambda f: [f.jobs[0], LAST_ID, 9], PAGE),
    "versions.select_version": Case("api", lambda f: [f.jobs[0], 1]),
    "versions.lock_restorable": Case("api", lambda f: [f.jobs[0], True, None, 1]),
    "versions.select_former_status": Case("api", lambda f: [f.jobs[0]]),
    "keyed_jobs.find_job": Case("api", lambda f: [3, "a key"]),
    "keyed_jobs.find_deleted_job": Case("api", lambda f: [3, "a key"]),
    "jobs.list_jobs_of_set": Case("api", lambda f: [*NO_FILTER[:-1], "a set", 51, LAST, LAST_ID, 3], PAGE),
    "jobs.select_last_statuses": Case("api", lambda f: [f.jobs], BATCH),
    "jobs.select_sizes": Case("api", lambda f: [f.jobs, True, None, 1], BATCH),
    "jobs.select_payloads": Case("api", lambda f: [f.jobs], BATCH),
    "jobs.list_owned_sorted_jobs": Case("api", lambda f: [*NO_FILTER, 51, "job_name", "", 0, -5], 2_100),
    "history.list_latest_job_versions": Case("api", lambda f: [f.jobs[0], NOW - DAY, NOW + DAY, 100]),
    "history.list_job_versions": Case("api", lambda f: [f.jobs[0], NOW - DAY, NOW + DAY, 100]),
    "tzdata.move_jobs": Case("scheduler", lambda f: [f.jobs, [NOW + DAY] * KEYS], BATCH),
    "ending.complete_replayed": Case("worker", lambda f: [f.jobs], BATCH),
    "plan.fail_unplannable": Case("scheduler", lambda f: [f.jobs[0], 1]),
    "plan.hold_and_lock_due_jobs": Case("scheduler", lambda f: [f.jobs, 0], BATCH),
    "plan.lock_due_jobs": Case("scheduler", lambda f: [f.jobs], BATCH),
    "runs.lock_jobs": Case("api", lambda f: [f.jobs], BATCH),
    "ending.lock_settling": Case("worker", lambda f: [f.jobs], BATCH),
    "runs.note_open_runs": Case("api", lambda f: [f.jobs, [NOW] * KEYS], BATCH),
    "runs.note_replays": Case("api", lambda f: [f.jobs, [NOW] * KEYS], BATCH),
    "jobs.select_job": Case("api", lambda f: [f.queued[0][2], True, None, 1]),
    "plan.select_next_run_time": Case("scheduler", lambda f: []),
    "plan.select_open_runs": Case("scheduler", lambda f: [f.jobs], BATCH),
    "plan.select_begun": Case("scheduler", lambda f: [f.jobs], BATCH),
    "plan.select_pending_jobs": Case("scheduler", lambda f: [500, 1000, AHEAD], 4 * BATCH),
    "ending.select_unsettled": Case("scheduler", lambda f: [0, KEYS], BATCH),
    "ending.settle_jobs": Case("worker", lambda f: [f.jobs], BATCH),
    "definitions.store_changed": Case(
        "api", lambda f: [[f.jobs[0]], as_json([{"job": f.row, "definition": {}, "action": "UPDATE_JOB"}]), NOW, "c", 1, None, None, None, 1]),
    "definitions.lock_visible": Case("api", lambda f: [f.jobs, True, None, 1], BATCH),
    "sets.select_taken": Case("api", lambda f: [3, ["a key"] * KEYS], BATCH),
    "sets.select_keyed": Case("api", lambda f: [3, ["a key"] * KEYS], BATCH),
    "sets.select_members": Case("api", lambda f: [3, "a set"]),
    "operations.insert_rows": Case("api", lambda f: [1, as_json([{"index": n} for n in range(KEYS)])], BATCH),
    "operations.select_running": Case("api", lambda f: [KEYS]),
    "operations.select_work": Case("api", lambda f: [1]),
    "operations.take_rows": Case("api", lambda f: [1, 100, KEYS]),
    "operations.record_rows": Case("api", lambda f: [1, [*range(KEYS)], [None] * KEYS, [None] * KEYS], BATCH),
    "operations.advance_operation": Case("api", lambda f: [1, 3, 1, 1]),
    "operations.end_operation": Case("api", lambda f: [1, "CANCELLED", None, None]),
    "operations.select_operation": Case("api", lambda f: [1, None]),
    "operations.list_operations": Case("api", lambda f: [LAST_ID, 51], PAGE),
    "operations.list_owned_operations": Case("api", lambda f: [LAST_ID, 51, 3], PAGE),
    "operations.list_rows": Case("api", lambda f: [1, 100, 51], PAGE),
    "retention.delete_answers": Case("scheduler", lambda f: [NOW - DAY, KEYS], BATCH),
    "retention.delete_finished_jobs": Case("scheduler", lambda f: [NOW - 30 * DAY, KEYS], BATCH),
    "retention.delete_letters": Case("scheduler", lambda f: [NOW - 90 * DAY, KEYS], BATCH),
    "retention.delete_operations": Case("scheduler", lambda f: [NOW - 30 * DAY, 5]),
    "retention.delete_terms": Case("scheduler", lambda f: [1000, KEYS], BATCH),
    "retention.delete_versions": Case("scheduler", lambda f: [NOW - 700 * DAY, KEYS], BATCH),
    "retention.expire_letters": Case("scheduler", lambda f: [NOW - 90 * DAY, KEYS], BATCH),
}  # fmt: skip

_ONE_ROW = "one row by its key, or an insert of one"
_SMALL = "the table holds a row a process, a key or a month"
_OFFSET = "counts off 10,000 entries of the list's index, as much as a page may look at"
EXEMPT: dict[str, str] = {
    **dict.fromkeys(("api_keys.insert_key", "api_keys.insert_team", "api_keys.has_team", "audit_logs.insert_audit"), _ONE_ROW),
    **dict.fromkeys(("audit_logs.insert_audits", "definitions.insert_created"), "inserts what it is given"),
    **dict.fromkeys(
        (f"api_keys.{name}" for name in ("is_stranger", "list_keys", "lock_admins", "note_use", "revoke_key")), _SMALL),
    **dict.fromkeys(
        (f"terms.{name}" for name in ("beat_scheduler", "forget_scheduler", "forget_silent_schedulers", "hold_term",
         "list_schedulers", "take_term")), _SMALL),
    **dict.fromkeys((f"server.{name}" for name in ("estimate_rows", "select_now", "select_replicas")), _SMALL),
    **dict.fromkeys((f"tzdata.{name}" for name in ("select_tzdata", "update_tzdata")), _SMALL),
    **dict.fromkeys((f"months.{name}" for name in ("ensure_partitions", "select_partition_ends")), _SMALL),
    **dict.fromkeys((f"months.{name}" for name in ("close_months", "hold_floor", "is_month_open", "select_closed_months")), _SMALL),
    **dict.fromkeys((f"workers.{name}" for name in ("beat_worker", "forget_worker", "list_workers", "select_dead_claims",
                     "sum_slots", "forget_dead_claims")), _SMALL),
    **dict.fromkeys(("jobs.select_walk_end", "jobs.select_owned_walk_end", "history.select_executions_walk_end"), _OFFSET),
    "history.select_floor": _SMALL,
    "tzdata.select_zoned_jobs": "walks all jobs once, in batches, when tzdata has changed",
    "dead_letters.count_open": "a gauge counts the open dead letters, over their own index",
    "dead_letters.count_stale": "counts what is still to be taken out of the queue, over its own index",
    "dead_letters.mark_removed": "as many as were closed since the last pass",
    "dead_letters.select_matching": "reads the open dead letters of a filter given by hand",
    "dispatch.count_backlog": "a gauge counts the open work, over its own index",
    "idempotency_keys.lock_key": "reads no table",
    "replication.select_written": "reads no table",
    "replication.select_replayed": "reads no table",
    "definitions.reserve_job_ids": "reads no table",
    "versions.list_restored": _ONE_ROW,
    "operations.insert_operation": _ONE_ROW,
    "operations.lock_operation": "reads no table",
    "jobs.list_sorted_jobs": "an admin without a team sorts everybody's jobs: it reads them all, at most 5 s",
}  # fmt: skip
