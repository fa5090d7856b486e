"""Guards of the worker: what it claims, runs and records."""

from __future__ import annotations

from fences.fence import Fence

WORKER = "services/worker/src/foliot/worker"
INTAKE_TESTS = "tests/unit/worker/test_intake.py"
WORKER_TESTS = "tests/integration/worker/test_claim_and_record.py"

FENCES = [
    Fence(
        "a dead token claims nothing",
        "libs/common/src/foliot/common/ledger/claim.sql",
        "w.claim = $4 AND w.last_heartbeat >= clock_timestamp() - make_interval(secs => $5))",
        "$4::bigint IS NOT NULL)",
        "tests/integration/worker/test_dead_token.py",
    ),
    Fence(
        "nothing starts under a lost lease",
        "services/worker/src/foliot/worker/claimer.py",
        "if claim != self._lease.claim or not self._lease.holds:",
        "if False:",
        "tests/integration/worker/test_dead_token.py::test_what_was_claimed_under_a_lost_lease_is_released",
    ),
    Fence(
        "what runs here is not released with a copy of its message",
        "services/worker/src/foliot/worker/claimer.py",
        "for held in batch if runs(held.handle.execution_id) is None}",
        "for held in batch}",
        "tests/integration/worker/test_dead_token.py",
    ),
    Fence(
        "a dead token is kept for a minute",
        "libs/common/src/foliot/common/ledger/workers.sql",
        "make_interval(secs => $2) - INTERVAL '1 minute'",
        "make_interval(secs => $2)",
        "tests/integration/scheduler/test_rescue.py::test_a_dead_token_is_forgotten_a_minute_after_its_lease",
    ),
    Fence(
        "a run is held until its time",
        f"{WORKER}/runner.py",
        "        return max(begin - self._clock.elapsed(), 0.0 if self._lease.holds else LOOK_AGAIN)\n",
        "        return 0.0 if self._lease.holds else LOOK_AGAIN\n",
        "tests/integration/worker/test_held.py::test_begins_when_its_time_has_come",
    ),
    Fence(
        "what is not recorded keeps others from being claimed",
        f"{WORKER}/running.py",
        "min(self._slots - self._busy, self._slots + UNRECORDED - len(self._entries))",
        "self._slots - self._busy",
        f"{WORKER_TESTS}::test_what_is_not_recorded_keeps_others_from_being_claimed",
    ),
    Fence(
        "ack after commit",
        f"{WORKER}/claimer.py",
        "        rows = await self._claim_all(",
        "        await settle(sent.batch)\n        rows = await self._claim_all(",
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
        "an empty message is unreadable",
        "libs/common/src/foliot/common/broker/messages.py",
        "Annotated[list[Dispatched], Meta(min_length=1)]",
        "list[Dispatched]",
        f"{INTAKE_TESTS}::test_what_cannot_be_read_is_set_aside_and_acked",
    ),
    Fence(
        "no error leaves the callback of a delivery",
        f"{WORKER}/intake.py",
        "except Exception as error:",
        "except ValueError as error:",
        f"{INTAKE_TESTS}::test_what_cannot_be_read_is_set_aside_and_acked",
    ),
    Fence(
        "a copy that is not confirmed is sent again",
        f"{WORKER}/intake.py",
        "                await self._clock.sleep(_COPY_AGAIN)\n",
        "                return\n",
        f"{INTAKE_TESTS}::test_a_copy_that_is_not_confirmed_is_sent_again",
    ),
    Fence(
        "an attempt has the time of its row",
        f"{WORKER}/claimed.py",
        "        scheduled_time=row.scheduled_time, attempt",
        "        scheduled_time=held.handle.scheduled_time, attempt",
        f"{WORKER_TESTS}::test_deliveries_of_one_execution_in_one_batch",
    ),
    Fence(
        "self-fencing deadline",
        f"{WORKER}/heartbeat.py",
        "        if self._lease.deadline == 0.0 or self._lease.holds:\n",
        "        if self._lease.deadline >= 0.0:\n",
        "tests/integration/worker/test_stops.py::test_past_its_deadline_a_worker_kills_everything_and_takes_a_new_token",
    ),
    Fence(
        "a record locks its jobs first",
        f"{WORKER}/recording.py",
        "        settling = await unit.endings.lock_settling(sorted({ended.claimed.job_id for ended in batch}))\n        rows = await _write(unit, batch, claim, now, plain=False)\n",
        "        rows = await _write(unit, batch, claim, now, plain=False)\n        settling = await unit.endings.lock_settling(sorted({ended.claimed.job_id for ended in batch}))\n",
        "tests/integration/ledger/test_lock_order.py::test_the_job_is_locked_before_its_executions",
    ),
    Fence(
        "a commit whose answer was lost is recognised",
        f"{WORKER}/recorder.py",
        "        if batch and self._doubtful:\n",
        "        if batch and not self._doubtful:\n",
        "tests/integration/worker/test_recorded_before.py::test_a_commit_whose_answer_was_lost_is_recognised",
    ),
    Fence(
        "the parts of a batch are recorded once",
        f"{WORKER}/recorder.py",
        "            self._running.remove(ended.execution_id)\n            self._over.add(ended.execution_id)\n        report_recorded(",
        "            self._running.remove(ended.execution_id)\n        report_recorded(",
        "tests/integration/worker/test_recorded_before.py::test_the_parts_of_a_split_batch_are_recorded_once",
    ),
]
