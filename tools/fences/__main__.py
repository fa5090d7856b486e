"""`make fences FENCE=word`: each guard (whose name has the word) is taken out of a copy of the tree, and its test must
then be red.

A fence whose test stays green is a fence that nobody would miss.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
SOURCES = ("libs/common/src", "services/api/src", "services/scheduler/src", "services/worker/src")
LEDGER = "libs/common/src/foliot/common/ledger"
API = "services/api/src/foliot/api"
SCHEDULER, WORKER = "services/scheduler/src/foliot/scheduler", "services/worker/src/foliot/worker"
PLANNER_TESTS = "tests/integration/scheduler/test_planner.py"
RETENTION_TESTS = "tests/integration/scheduler/test_retention.py"
RESCUE_TESTS = "tests/integration/scheduler/test_rescue.py"
DECISION_TESTS = "tests/unit/scheduler/test_decisions.py"
CHANGE_TESTS = "tests/integration/api/test_time_of_changes.py"
WORKER_TESTS = "tests/integration/worker/test_claim_and_record.py"
AHEAD_TESTS = "tests/integration/scheduler/test_ahead.py"


class Fence(msgspec.Struct, frozen=True):
    """What to take out where, and the test that must notice."""

    name: str
    file: str
    guard: str
    without: str
    test: str


FENCES = [
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
        f"{PLANNER_TESTS}::test_a_former_term_writes_nothing",
    ),
    Fence(
        "term row held for the transaction",
        f"{LEDGER}/terms.sql",
        "WHERE id = 1 AND term = $1 FOR SHARE",
        "WHERE id = 1 AND term = $1",
        f"{PLANNER_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "term row held by plan",
        f"{LEDGER}/plan.sql",
        "l.term = $2 AND p.id = 1 FOR SHARE)",
        "l.term = $2 AND p.id = 1)",
        f"{PLANNER_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "term check of a plain plan",
        f"{LEDGER}/plan.sql",
        "l.id = 1 AND l.term = $1",
        "l.id = 1 AND $1::bigint IS NOT NULL",
        f"{PLANNER_TESTS}::test_a_former_term_writes_nothing",
    ),
    Fence(
        "term row held by a plain plan",
        f"{LEDGER}/plan.sql",
        "l.term = $1 AND p.id = 1 FOR SHARE)",
        "l.term = $1 AND p.id = 1)",
        f"{PLANNER_TESTS}::test_a_successor_waits_for_the_transaction_of_the_former",
    ),
    Fence(
        "a plain plan's job is the one that was read",
        f"{LEDGER}/plan.sql",
        " AND j.xmin = u.read_xmin",
        "",
        f"{PLANNER_TESTS}::test_another_job_in_the_place_of_the_one_that_was_read",
    ),
    Fence(
        "idle_in_transaction timeout",
        "sql/roles.sql",
        "ALTER ROLE foliot_scheduler SET idle_in_transaction_session_timeout = '2s';",
        "ALTER ROLE foliot_scheduler SET idle_in_transaction_session_timeout = '60s';",
        f"{PLANNER_TESTS}::test_a_stalled_leader_in_a_transaction_holds_its_successor_for_two_seconds",
    ),
    Fence(
        "version read is version planned",
        f"{LEDGER}/plan.py",
        "for row in locked if row in wanted}",
        "for row in locked if wanted}",
        f"{PLANNER_TESTS}::test_an_edit_between_read_and_write_is_planned_as_edited",
    ),
    Fence(
        "a run is held until its time",
        f"{WORKER}/runner.py",
        "while (early := begin - self._clock.elapsed()) > 0:",
        "while (early := begin - self._clock.elapsed()) > 3600:",
        "tests/integration/worker/test_held.py::test_begins_when_its_time_has_come",
    ),
    Fence(
        "what meets another run is decided when it is due",
        f"{SCHEDULER}/portions.py",
        "if job.next_run_time <= now or judged.plain:",
        "if job.next_run_time <= now or judged is not None:",
        f"{AHEAD_TESTS}::test_what_meets_another_run_is_decided_when_it_is_due",
    ),
    Fence(
        "a tick that has its row is decided when it is due",
        f"{SCHEDULER}/plan_writer.py",
        "[one for one in judged if one.job.next_run_time <= now]",
        "judged",
        f"{AHEAD_TESTS}::test_a_tick_that_has_its_row_already_waits_until_it_is_due",
    ),
    Fence(
        "what is not recorded keeps others from being claimed",
        f"{WORKER}/running.py",
        "min(self._slots - self._busy, self._slots + UNRECORDED - len(self._entries))",
        "self._slots - self._busy",
        f"{WORKER_TESTS}::test_what_is_not_recorded_keeps_others_from_being_claimed",
    ),
    Fence(
        "sending the unconfirmed again",
        f"{SCHEDULER}/dispatcher.py",
        "        except (Down, Rejected):\n            self._unconfirmed.append(message)\n",
        "        except (Down, Rejected):\n            pass\n",
        f"{PLANNER_TESTS}::test_what_the_broker_did_not_confirm_is_sent_again",
    ),
    Fence(
        "poison split",
        f"{LEDGER}/splitting.py",
        "        if len(batch) == 1:\n",
        "        if len(batch) >= 1:\n",
        f"{PLANNER_TESTS}::test_a_row_that_the_server_refuses_is_found_by_splitting",
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
        "ack after commit",
        f"{WORKER}/claimer.py",
        "        rows = await self._claim_all(batch, claim, again)\n",
        "        await settle(batch)\n        rows = await self._claim_all(batch, claim, again)\n",
        f"{WORKER_TESTS}::test_a_claim_of_unknown_outcome_is_asked_again_under_the_same_token",
    ),
    Fence(
        "an interrupted claim is handed back",
        f"{WORKER}/handback.py",
        "                self._inbox.put_back(doubtful.batch)\n",
        "",
        "tests/integration/worker/test_handback.py::test_a_stop_hands_back_a_claim_that_was_never_committed",
    ),
    Fence(
        "a full disk is waited out",
        f"{LEDGER}/faults.py",
        "    asyncpg.InsufficientResourcesError,\n",
        "",
        "tests/integration/worker/test_disk_full.py",
    ),
    Fence(
        "self-fencing deadline",
        f"{WORKER}/heartbeat.py",
        "        if self._lease.deadline == 0.0 or self._lease.holds:\n",
        "        if self._lease.deadline >= 0.0:\n",
        "tests/integration/worker/test_stops.py::test_past_its_deadline_a_worker_kills_everything_and_takes_a_new_token",
    ),
    Fence(
        "job-row lock at the end",
        f"{LEDGER}/ending.sql",
        "(next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))\nORDER BY job_id FOR NO KEY UPDATE",
        "(next_run_time IS NULL OR overlap_policy IN ('queue_one', 'cancel_running'))\nORDER BY job_id",
        "tests/integration/worker/test_what_follows.py::test_of_two_last_runs_one_writes_the_end",
    ),
    Fence(
        "months are detached concurrently",
        f"{LEDGER}/months.py",
        'DETACH PARTITION {month.month} CONCURRENTLY"',
        'DETACH PARTITION {month.month}"',
        f"{RETENTION_TESTS}::test_a_month_is_dropped_while_dispatch_goes_on",
    ),
    Fence(
        "a month with open work stays",
        f"{SCHEDULER}/retention.py",
        'if parent == "executions" and await',
        'if parent == "nothing" and await',
        f"{RETENTION_TESTS}::test_a_closed_month_with_open_work_stays_until_that_has_ended",
    ),
    Fence(
        "the floor is held",
        f"{LEDGER}/months.sql",
        "FROM partition_floor WHERE id = 1 FOR SHARE",
        "FROM partition_floor WHERE id = 1",
        f"{RETENTION_TESTS}::test_closing_waits_for_who_holds_the_floor",
    ),
    Fence(
        "a stale replica is not read",
        f"{API}/web/reads.py",
        "            if staleness <= MAX_STALE_SECONDS:\n",
        "            if staleness >= 0:\n",
        "tests/integration/api/test_replica.py::test_a_list_comes_from_the_replica_and_says_how_old_it_may_be",
    ),
    Fence(
        "lock, then look",
        f"{API}/jobs/run_now.py",
        "    job, _ = await locked(change, job_id)\n    unit = change.unit\n    unfinished = await unit.runs.is_open(job_id)\n",
        "    unit = change.unit\n    unfinished = await unit.runs.is_open(job_id)\n    job, _ = await locked(change, job_id)\n",
        "tests/integration/api/test_jobs.py::test_run_waits_for_the_planner_and_then_looks",
    ),
    Fence(
        "the clock is read after the lock",
        f"{LEDGER}/definitions.sql",
        "SELECT locked.*, clock_timestamp() AS now FROM (",
        "SELECT locked.*, (SELECT now()) AS now FROM (",
        "tests/integration/api/test_jobs.py::test_a_change_takes_the_time_at_which_it_holds_the_job",
    ),
    Fence(
        "a gap is judged whole",
        f"{SCHEDULER}/decisions.py",
        "    if len(kept) < keep:\n        return [first, *kept], []\n",
        "    if len(kept) < keep:\n        return kept, []\n",
        f"{DECISION_TESTS}::test_a_few_late_ticks_before_very_many_in_time_are_judged_as_any_others",
    ),
    Fence(
        "max_runs counts runs",
        f"{SCHEDULER}/decisions.py",
        "len(runs) >= judged.left",
        "len(judged.kept) >= judged.left",
        f"{DECISION_TESTS}::test_a_skipped_tick_does_not_count_towards_max_runs",
    ),
    Fence(
        "open_since is the oldest",
        f"{SCHEDULER}/decisions.py",
        "    return min(runs[0].scheduled_time, open_runs.since or runs[0].scheduled_time)\n",
        "    return open_runs.since or runs[0].scheduled_time\n",
        f"{DECISION_TESTS}::test_a_caught_up_run_that_is_older_than_what_is_open_is_the_oldest_open_run",
    ),
    Fence(
        "what is due now before the overdue",
        f"{LEDGER}/plan.sql",
        "next_run_time <= now() + $3 AND next_run_time > now() - INTERVAL '1 minute'",
        "next_run_time <= now() + $3 AND next_run_time > now() + INTERVAL '1 minute'",
        "tests/integration/scheduler/test_planner_bars.py::test_what_is_due_now_is_planned_before_the_catch_up",
    ),
    Fence(
        "rows in portions",
        f"{SCHEDULER}/portions.py",
        "            if rows >= ROWS_PER_PORTION:\n",
        "            if rows >= ROWS_PER_PORTION * 1_000:\n",
        "tests/integration/scheduler/test_planner_bars.py::test_what_is_due_now_is_planned_before_the_catch_up",
    ),
    Fence(
        "due ticks are covered at a change",
        f"{API}/jobs/dropping.py",
        "    if due is None:\n        return\n",
        "    if due is None or due < now:\n        return\n",
        f"{CHANGE_TESTS}::test_what_was_due_and_not_planned_is_covered",
    ),
    Fence(
        "due ticks are covered at a pause",
        f"{API}/jobs/steps.py",
        "        await drop_due(change.unit, job, now, SkipReason.PAUSED)\n",
        "        pass\n",
        "tests/integration/scheduler/test_planner_model.py",
    ),
    Fence(
        "an edit keeps what is due all the same",
        f"{API}/jobs/next_tick.py",
        "        after.next_after(begin) == due\n",
        "        after.next_after(begin) is None\n",
        f"{CHANGE_TESTS}::test_an_edit_that_leaves_the_due_ticks_as_they_are_leaves_them_due",
    ),
    Fence(
        "no release before the delay by jitter",
        f"{LEDGER}/ending.sql",
        "WHERE j.job_id = e.job_id AND e.trigger = 'schedule'))\n",
        "WHERE j.job_id = e.job_id AND e.trigger = 'none'))\n",
        f"{RESCUE_TESTS}::test_a_waiting_tick_is_not_released_before_its_delay_by_jitter",
    ),
    Fence(
        "a new tzdata moves under the job's lock",
        f"{SCHEDULER}/time_zones.py",
        "        if counts.held:\n            return HELD_JOBS_AFTER\n",
        "",
        "tests/integration/scheduler/test_time_zones.py::test_more_jobs_than_a_batch_and_one_that_somebody_holds",
    ),
    Fence(
        "the timeline sees what is missing",
        f"{API}/views/outcomes.py",
        "    return Unrecorded.MISSING\n",
        "    return Unrecorded.TO_COME\n",
        "tests/integration/api/test_timeline.py::test_a_tick_without_a_row_is_missing",
    ),
]


def run_test(tree: Path, test: str) -> bool:
    """True if the test is green in this tree."""
    path = os.pathsep.join(str(tree / source) for source in SOURCES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", test],
        cwd=tree, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode and b"\nFAILED " not in done.stdout:
        raise SystemExit(f"{test} did not run:\n{done.stdout.decode()[-2000:]}")
    return done.returncode == 0


def take_out(tree: Path, fence: Fence) -> None:
    file = tree / fence.file
    text = file.read_text()
    if text.count(fence.guard) != 1:
        raise SystemExit(f"{fence.name}: the guard stands {text.count(fence.guard)} times in {fence.file}")
    file.write_text(text.replace(fence.guard, fence.without))


def check(fence: Fence) -> bool:
    """True if the test is red without the guard."""
    with tempfile.TemporaryDirectory(prefix="foliot-fence-") as directory:
        tree = Path(directory)
        for part in ("libs", "services", "sql", "tests", "tools", "infra"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", ".local"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        take_out(tree, fence)
        return not run_test(tree, fence.test)


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [fence for fence in FENCES if word in fence.name]
    if not chosen:
        raise SystemExit(f"no fence has {word!r} in its name")
    missed = []
    for number, fence in enumerate(chosen, 1):
        red = check(fence)
        print(f"{number:>3}/{len(chosen)}  {'red without it' if red else 'NOBODY NOTICES'}  {fence.name}", flush=True)
        if not red:
            missed.append(fence.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} fences are proven")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
