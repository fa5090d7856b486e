"""The faults that the stories must find: fences whose guard is about order, crashes, locks, terms or tokens, and more."""

from __future__ import annotations

from fences.fence import Fence
from fences.guards import FENCES

LEDGER = "libs/common/src/foliot/common/ledger"
API = "services/api/src/foliot/api"
SCHEDULER = "services/scheduler/src/foliot/scheduler"
WORKER = "services/worker/src/foliot/worker"
CHOSEN = (
    "term check", "term row held for the transaction", "term row held by plan", "term check of a plain plan",
    "version read is version planned", "claim is a compare-and-set",
    "job-row lock at the end", "the floor is held",
    "a gap is judged whole",
    "a portion is written under the floor that it was judged by", "a tick that is not expected any more cancels nothing",
    "max_runs counts runs", "open_since is the oldest",
    "self-fencing deadline", "a record locks its jobs first",
    "the outcome of a run that is concluded", "lock, then look", "due ticks are covered at a change",
    "due ticks are covered at a pause", "an edit keeps what is due all the same",
    "a replay looks again under the lock", "no tick comes back with a restored job", "bulk: one process does a chunk",
)  # fmt: skip
_STORIES = ""
"""These have no test of their own: the stories are it."""


def _planted(name: str, file: str, guard: str, without: str) -> Fence:
    return Fence(name, file, guard, without, _STORIES)


OWN = [
    _planted(
        "the planner locks the jobs that it decides",
        f"{LEDGER}/plan.sql", "    ORDER BY job_id FOR NO KEY UPDATE SKIP LOCKED) j ON true", "    ORDER BY job_id) j ON true",
    ),
    _planted(
        "a plain plan locks its jobs",
        f"{LEDGER}/plan.sql", "    FOR NO KEY UPDATE OF j SKIP LOCKED),\nadvanced", "    ),\nadvanced",
    ),
    _planted(
        "a plain plan looks at the floor",
        f"{LEDGER}/plan.sql", "    WHERE h.floor <= h.known AND j.ctid", "    WHERE j.ctid",
    ),
    _planted("the planner moves open_since", f"{LEDGER}/plan.sql", "        open_since = u.open_since,\n", ""),
    _planted(
        "nothing of a cancelled job is claimed",
        f"{LEDGER}/claim.sql",
        "    status = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN 'CANCELLED' ELSE 'RUNNING' END,\n"
        "    end_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN clock_timestamp() END,\n"
        "    start_time = CASE WHEN j.status = 'CANCELLED' OR j.deleted_at IS NOT NULL THEN NULL\n"
        "        ELSE GREATEST(clock_timestamp(), e.available_at) END,\n",
        "    status = 'RUNNING', start_time = GREATEST(clock_timestamp(), e.available_at),\n",
    ),
    _planted(
        "only what runs is recorded",
        f"{LEDGER}/claim.sql", "      AND e.status = 'RUNNING' AND e.claim = $8\n", "      AND e.claim = $8\n",
    ),
    _planted(
        "nothing of a cancelled job is tried again",
        f"{LEDGER}/ending.sql",
        "WHERE j.status <> 'CANCELLED' AND j.deleted_at IS NULL\nON CONFLICT DO NOTHING",
        "ON CONFLICT DO NOTHING",
    ),
    _planted(
        "only what runs is rescued",
        f"{LEDGER}/ending.sql",
        "    WHERE e.status = 'RUNNING' AND e.claim = ANY ($3::bigint[]) AND e.lease_until < now()\n"
        "    ORDER BY e.execution_id FOR NO KEY UPDATE OF e SKIP LOCKED)",
        "    WHERE e.claim = ANY ($3::bigint[]) AND e.lease_until < now()\n"
        "    ORDER BY e.execution_id FOR NO KEY UPDATE OF e SKIP LOCKED)",
    ),
    _planted(
        "a waiting run is released after the one before it",
        f"{LEDGER}/ending.sql",
        "  AND NOT EXISTS (\n"
        "    SELECT FROM executions o JOIN jobs j ON j.job_id = o.job_id\n"
        "    WHERE o.job_id = first.job_id AND o.scheduled_time >= j.open_since AND o.end_time IS NULL\n"
        "      AND o.available_at IS NOT NULL)\n",
        "",
    ),
    _planted(
        "a job with something open is not settled",
        f"{LEDGER}/ending.sql",
        "  AND NOT EXISTS (\n"
        "    SELECT FROM executions e\n"
        "    WHERE e.job_id = j.job_id AND e.scheduled_time >= j.open_since AND e.scheduled_time <= now() + INTERVAL '1 day'\n"
        "      AND e.end_time IS NULL)\n"
        "RETURNING j.job_id, j.status",
        "RETURNING j.job_id, j.status",
    ),
    _planted("a change locks its job", f"{LEDGER}/definitions.sql", "    ORDER BY j.job_id FOR NO KEY UPDATE) locked", "    ) locked"),
    _planted(
        "a new version closes the one before",
        f"{LEDGER}/definitions.sql",
        "    UPDATE job_versions SET valid_to = $3 WHERE job_id = ANY ($1::bigint[]) AND valid_to IS NULL),",
        "    SELECT $3::timestamptz),",
    ),
    _planted(
        "nothing of a cancelled job is replayed",
        f"{LEDGER}/runs.sql", "  AND j.status <> 'CANCELLED' AND j.deleted_at IS NULL\n  AND e.sch", "  AND e.sch",
    ),
    _planted(
        "nothing of a closed month is replayed",
        f"{LEDGER}/runs.sql", "  AND e.scheduled_time >= (SELECT floor FROM partition_floor FOR SHARE)\n", "",
    ),
    _planted(
        "a term is for the newest candidacy",
        f"{LEDGER}/terms.sql", "    WHERE id = 1 AND (ensemble_id <> $3 OR czxid < $2)", "    WHERE id = 1",
    ),
    _planted(
        "what was given up is a dead letter",
        f"{LEDGER}/conclude.py", "        await unit.dead_letters.insert_dead_letters(letters)\n", "        pass\n",
    ),
    _planted(
        "a rescue is of the present term",
        f"{SCHEDULER}/rescuer.py",
        "            await unit.terms.hold_term(self._term)\n            lost =", "            lost =",
    ),
    _planted(
        "the backlog is handed out by the present term",
        f"{SCHEDULER}/relay.py", "            await unit.terms.hold_term(self._term)\n", "",
    ),
    _planted(
        "what is lost is sent again by the present term",
        f"{SCHEDULER}/redelivery.py", "            await unit.terms.hold_term(self._term)\n", "",
    ),
    _planted(
        "what is lost is sent again", f"{SCHEDULER}/redelivery.py", "            self._dispatcher.send(rows)\n", "",
    ),
    _planted(
        "cancel_running cancels",
        f"{SCHEDULER}/plan_writer.py",
        "        outcomes = await unit.endings.cancel_open(cancels) if cancels else {}\n", "        outcomes = {}\n",
    ),
    _planted(
        "a claim in doubt is asked for under its own token",
        f"{WORKER}/claimer.py", "            if doubtful.claim == self._lease.claim:\n", "            if True:\n",
    ),
    _planted(
        "a resumed job passes over a tick that has its run",
        f"{LEDGER}/resuming.py", "    if tick is not None and await unit.runs.has_run(job.job_id, tick):\n", "    if False:\n",
    ),
    _planted(
        "a cancel reaches what is open",
        f"{API}/jobs/steps.py",
        "    await change.unit.endings.note_outcomes(await change.unit.endings.cancel_open([job_id]))\n", "",
    ),
    _planted(
        "a cancel covers what is due",
        f"{API}/jobs/steps.py",
        "    await drop_due(change.unit, job, now, SkipReason.CANCELLED)\n    cancelled =", "    cancelled =",
    ),
    _planted(
        "a change covers nothing of a closed month",
        f"{API}/jobs/dropping.py",
        "    first = due if due >= floor else times.next_after(floor - _MICROSECOND)\n", "    first = due\n",
    ),
    _planted(
        "a run beside the schedule is found",
        f"{API}/jobs/run_now.py", "    await unit.runs.note_open_runs([(job_id, execution.scheduled_time)])\n", "",
    ),
    _planted(
        "a run is audited",
        f"{API}/jobs/run_now.py",
        '    await change.audit("RUN_JOB", "JOB", job_id, new=new, team_id=job.team_id)\n', "",
    ),
    _planted(
        "many: runs are noted on their jobs",
        f"{API}/jobs/many.py", "            await unit.runs.note_open_runs(found.runs)\n", "            pass\n",
    ),
    _planted(
        "many: runs are looked at behind the lock",
        f"{API}/jobs/many.py",
        "        self.open = {job_id for job_id, open_runs in found.items() if open_runs.since is not None}\n", "",
    ),
    _planted(
        "an operation goes on behind its last chunk",
        f"{API}/bulk/operations.py",
        "            following = work.next_index + len(rows) if rows else work.matched\n",
        "            following = max(1, work.next_index + len(rows) - 1) if len(rows) > 1 else work.matched\n",
    ),
    _planted(
        "a replay is found",
        f"{API}/jobs/dead_letters.py", "    await unit.runs.note_replays(sorted(runs))\n", "",
    ),
    _planted(
        "a replayed letter is closed",
        f"{API}/jobs/dead_letters.py", '    await unit.dead_letters.close_letters(replayed, "replayed")\n', "",
    ),
]  # fmt: skip
PLANTED = [*(fence for fence in FENCES if fence.name in CHOSEN), *OWN]
