"""Guards of the worker: what it claims, runs and records."""

from __future__ import annotations

from fences.fence import Fence

WORKER = "services/worker/src/foliot/worker"
WORKER_TESTS = "tests/integration/worker/test_claim_and_record.py"

FENCES = [
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
        "self-fencing deadline",
        f"{WORKER}/heartbeat.py",
        "        if self._lease.deadline == 0.0 or self._lease.holds:\n",
        "        if self._lease.deadline >= 0.0:\n",
        "tests/integration/worker/test_stops.py::test_past_its_deadline_a_worker_kills_everything_and_takes_a_new_token",
    ),
]
