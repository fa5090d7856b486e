"""Guards of the ledger: in the migrations, the roles, and the statements that all services share."""

from __future__ import annotations

from fences.fence import Fence

LEDGER = "libs/common/src/foliot/common/ledger"
TERM_TESTS = "tests/integration/scheduler/test_planner_terms.py"
RACE_TESTS = "tests/integration/scheduler/test_planner_races.py"
POISON_TESTS = "tests/integration/scheduler/test_planner_poison.py"
RETENTION_TESTS = "tests/integration/scheduler/test_retention.py"
RESCUE_TESTS = "tests/integration/scheduler/test_rescue.py"
WORKER_TESTS = "tests/integration/worker/test_claim_and_record.py"
LOCK_ORDER = "tests/integration/ledger/test_lock_order.py"

OUTCOME_TESTS = "tests/integration/worker/test_last_status.py"

FENCES = [
    Fence(
        "the outcome of a run that is concluded",
        f"{LEDGER}/conclude.py",
        "    await unit.endings.note_outcomes(noted)\n",
        "",
        f"{OUTCOME_TESTS}::test_it_follows_failure_and_recovery",
    ),
    Fence(
        "an outcome is written only where it differs",
        f"{LEDGER}/claim.sql",
        "l.job_id = r.job_id AND l.last_status = 'COMPLETED')",
        "l.job_id = r.job_id AND l.last_status = 'FAILED')",
        f"{OUTCOME_TESTS}::test_a_job_that_always_succeeds_is_written_once",
    ),
    Fence(
        "ledger key",
        "sql/migrations/0002_executions.sql",
        "    CONSTRAINT executions_ledger UNIQUE (job_id, scheduled_time, attempt_number),\n",
        "",
        "tests/migrations/test_migrations.py::test_the_ledger_takes_a_tick_once",
    ),
    Fence(
        "term check",
        f"{LEDGER}/plan.sql",
        "l.id = 1 AND l.term = $2",
        "l.id = 1 AND $2::bigint IS NOT NULL",
        f"{TERM_TESTS}::test_a_former_term_writes_nothing",
    ),
    Fence(
        "term row held for the transaction",
        f"{LEDGER}/terms.sql",
        "WHERE id = 1 AND term = $1 FOR SHARE",
        "WHERE id = 1 AND term = $1",
        f"{TERM_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "term row held by plan",
        f"{LEDGER}/plan.sql",
        "l.term = $2 AND p.id = 1 FOR SHARE)",
        "l.term = $2 AND p.id = 1)",
        f"{TERM_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "term check of a plain plan",
        f"{LEDGER}/plan.sql",
        "l.id = 1 AND l.term = $1",
        "l.id = 1 AND $1::bigint IS NOT NULL",
        f"{TERM_TESTS}::test_a_former_term_writes_nothing",
    ),
    Fence(
        "term row held by a plain plan",
        f"{LEDGER}/plan.sql",
        "l.term = $1 AND p.id = 1 FOR SHARE)",
        "l.term = $1 AND p.id = 1)",
        f"{TERM_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "a plain plan's job is the one that was read",
        f"{LEDGER}/plan.sql",
        " AND j.xmin = u.read_xmin",
        "",
        f"{RACE_TESTS}::test_another_job_in_the_place_of_the_one_that_was_read",
    ),
    Fence(
        "idle_in_transaction timeout",
        "sql/roles.sql",
        "ALTER ROLE foliot_scheduler SET idle_in_transaction_session_timeout = '2s';",
        "ALTER ROLE foliot_scheduler SET idle_in_transaction_session_timeout = '60s';",
        f"{TERM_TESTS}::test_a_stalled_leader_in_a_transaction_holds_its_successor_for_two_seconds",
    ),
    Fence(
        "version read is version planned",
        f"{LEDGER}/plan.py",
        "for row in locked if row in wanted}",
        "for row in locked if wanted}",
        f"{RACE_TESTS}::test_an_edit_between_read_and_write_is_planned_as_edited",
    ),
    Fence(
        "poison split",
        f"{LEDGER}/splitting.py",
        "        if len(batch) == 1:\n",
        "        if len(batch) >= 1:\n",
        f"{POISON_TESTS}::test_a_row_that_the_server_refuses_is_found_by_splitting",
    ),
    Fence(
        "claim token",
        f"{LEDGER}/claim.sql",
        "e.status = 'RUNNING' AND e.claim = $8",
        "e.status = 'RUNNING' AND $8::bigint IS NOT NULL",
        "tests/integration/worker/test_stops.py::test_the_result_of_a_taken_attempt_is_dropped",
    ),
    Fence(
        "claim is a compare-and-set",
        f"{LEDGER}/claim.sql",
        "  AND (e.status = 'QUEUED' OR ($6 AND e.status = 'RUNNING' AND e.claim = $4)) AND e.available_at IS NOT NULL",
        "  AND ($6 IS NOT NULL)",
        f"{WORKER_TESTS}::test_a_copy_of_a_message_is_acked_and_forgotten",
    ),
    Fence(
        "lease",
        f"{LEDGER}/ending.sql",
        "claim = ANY ($1::bigint[]) AND lease_until < now()",
        "claim = ANY ($1::bigint[])",
        f"{RESCUE_TESTS}::test_a_living_worker_and_a_lease_that_holds_are_left_alone",
    ),
    Fence(
        "job-row lock at the end",
        f"{LEDGER}/ending.sql",
        "(next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))\nORDER BY job_id FOR NO KEY UPDATE",
        "(next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))\nORDER BY job_id",
        "tests/integration/worker/test_what_follows.py::test_of_two_last_runs_one_writes_the_end",
    ),
    Fence(
        "a full disk is waited out",
        f"{LEDGER}/faults.py",
        "    asyncpg.InsufficientResourcesError,\n",
        "",
        "tests/integration/worker/test_disk_full.py",
    ),
    Fence(
        "months are detached concurrently",
        f"{LEDGER}/months.py",
        'DETACH PARTITION {month.month} CONCURRENTLY"',
        'DETACH PARTITION {month.month}"',
        f"{RETENTION_TESTS}::test_a_month_is_dropped_while_dispatch_goes_on",
    ),
    Fence(
        "the floor is held",
        f"{LEDGER}/months.sql",
        "FROM partition_floor WHERE id = 1 FOR SHARE",
        "FROM partition_floor WHERE id = 1",
        f"{RETENTION_TESTS}::test_closing_waits_for_who_holds_the_floor",
    ),
    Fence(
        "the clock is read after the lock",
        f"{LEDGER}/definitions.sql",
        "SELECT locked.*, clock_timestamp() AS now FROM (",
        "SELECT locked.*, (SELECT now()) AS now FROM (",
        "tests/integration/api/test_jobs.py::test_a_change_takes_the_time_at_which_it_holds_the_job",
    ),
    Fence(
        "what is due now before the overdue",
        f"{LEDGER}/plan.sql",
        "next_run_time <= now() + $3 AND next_run_time > now() - INTERVAL '1 minute'",
        "next_run_time <= now() + $3 AND next_run_time > now() + INTERVAL '1 minute'",
        "tests/integration/scheduler/test_planner_bars.py::test_what_is_due_now_is_planned_before_the_catch_up",
    ),
    Fence(
        "no release before the delay by jitter",
        f"{LEDGER}/ending.sql",
        "WHERE j.job_id = e.job_id AND e.trigger = 'schedule'))\n",
        "WHERE j.job_id = e.job_id AND e.trigger = 'none'))\n",
        f"{RESCUE_TESTS}::test_a_waiting_tick_is_not_released_before_its_delay_by_jitter",
    ),
    Fence(
        "cancels lock by id",
        f"{LEDGER}/ending.sql",
        "    ORDER BY e.execution_id FOR NO KEY UPDATE OF e)\nUPDATE executions e SET\n    status = CASE WHEN e.status = 'QUEUED'",
        "    ORDER BY e.scheduled_time FOR NO KEY UPDATE OF e)\nUPDATE executions e SET\n    status = CASE WHEN e.status = 'QUEUED'",
        f"{LOCK_ORDER}::test_one_jobs_executions_are_locked_by_id_too",
    ),
    Fence(
        "a worker's writes lock by id",
        f"{LEDGER}/claim.py",
        '    handles = sorted(handles, key=attrgetter("execution_id"))\n',
        "",
        f"{LOCK_ORDER}::test_executions_are_locked_by_id",
    ),
    Fence(
        "dead letters lock by id",
        f"{LEDGER}/dead_letters.sql",
        "AND closed_at IS NULL\n    ORDER BY execution_id FOR NO KEY UPDATE)",
        "AND closed_at IS NULL\n    ORDER BY execution_id DESC FOR NO KEY UPDATE)",
        f"{LOCK_ORDER}::test_dead_letters_are_locked_by_id",
    ),
    Fence(
        "a release waits for nobody",
        f"{LEDGER}/ending.sql",
        "    ORDER BY l.execution_id FOR NO KEY UPDATE OF l SKIP LOCKED) first",
        "    ORDER BY l.execution_id FOR NO KEY UPDATE OF l) first",
        f"{LOCK_ORDER}::test_a_waiting_run_that_somebody_holds_is_passed_over",
    ),
    Fence(
        "an index that keeps a promise is missed",
        f"{LEDGER}/schema.py",
        "    if missing:\n",
        "    if missing and version is None:\n",
        "tests/migrations/test_migrations.py::test_services_are_not_ready_without_an_index_that_keeps_a_promise",
    ),
]
