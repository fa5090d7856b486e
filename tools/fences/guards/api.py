"""Guards of the API: what it changes and what it shows."""

from __future__ import annotations

from fences.fence import Fence

API = "services/api/src/foliot/api"
CHANGE_TESTS = "tests/integration/api/test_time_of_changes.py"
LOCK_ORDER = "tests/integration/ledger/test_lock_order.py"

OUTCOME_TESTS = "tests/integration/api/test_outcomes.py"

FENCES = [
    Fence(
        "a text that means the same keeps the phase",
        f"{API}/jobs/steps.py",
        '    if "schedule" in changed and same_schedule(job, edited):\n',
        '    if "schedule" in changed and job is edited:\n',
        f"{OUTCOME_TESTS}::test_equal_texts_by_turns_never_starve_an_interval",
    ),
    Fence(
        "payloads of a page are bounded",
        f"{API}/views/job_pages.py",
        "            if shown and size + bytes_more > MAX_PAYLOAD_BYTES:\n",
        "            if shown and size + bytes_more < 0:\n",
        f"{OUTCOME_TESTS}::test_payloads_of_a_page_are_bounded",
    ),
    Fence(
        "a completed job that is armed again keeps its outcome",
        f"{API}/jobs/steps.py",
        "    await change.unit.endings.note_outcomes(outcome)\n",
        "",
        f"{OUTCOME_TESTS}::test_a_completed_job_that_is_armed_again_keeps_it",
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
        "a shadow is not run by hand",
        f"{API}/jobs/run_now.py",
        "    if job.shadow:\n",
        "    if False:\n",
        "tests/integration/api/test_shadows.py::test_a_shadow_is_not_run_by_hand",
    ),
    Fence(
        "a run is waited for until its last attempt",
        f"{API}/handlers/jobs.py",
        "Awaited(first.job_id, first.scheduled_time, None)",
        "Awaited(first.job_id, first.scheduled_time, 1)",
        "tests/integration/api/test_waits.py::test_a_run_is_answered_at_its_end_with_its_last_attempt",
    ),
    Fence(
        "a stop answers whoever waits",
        f"{API}/app.py",
        "    app.on_shutdown.append(waits.close)\n",
        "",
        "tests/integration/api/test_waits.py::test_a_stop_answers_whoever_waits",
    ),
    Fence(
        "a client that has gone does not wait",
        f"{API}/views/waits.py",
        "                if not waiter.connected():\n",
        "                if False:\n",
        "tests/integration/api/test_waits.py::test_a_client_that_has_gone_waits_no_more",
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
        "a replay looks again under the lock",
        f"{API}/jobs/dead_letters.py",
        "    still_open = await unit.dead_letters.lock_open([row.execution_id for row in matched])\n",
        "    still_open = {row.execution_id for row in matched}\n",
        "tests/integration/api/test_replays.py",
    ),
    Fence(
        "an edit keeps what is due all the same",
        f"{API}/jobs/next_tick.py",
        "        after.next_after(begin) == due\n",
        "        after.next_after(begin) is None\n",
        f"{CHANGE_TESTS}::test_an_edit_that_leaves_the_due_ticks_as_they_are_leaves_them_due",
    ),
    Fence(
        "the timeline sees what is missing",
        f"{API}/views/outcomes.py",
        "    return Unrecorded.MISSING\n",
        "    return Unrecorded.TO_COME\n",
        "tests/integration/api/test_timeline.py::test_a_tick_without_a_row_is_missing",
    ),
    Fence(
        "a cancel locks the job first",
        f"{API}/handlers/executions.py",
        "            teams = await change.unit.runs.lock_jobs([execution.job_id])\n",
        "            teams: dict[int, int | None] = {}\n",
        f"{LOCK_ORDER}::test_the_job_is_locked_before_its_executions",
    ),
    Fence(
        "a change that was rolled back is made again",
        f"{API}/web/changes.py",
        "    @again\n    async def _once(self",
        "    async def _once(self",
        "tests/integration/api/test_deadlocks.py::test_a_deadlock_is_not_the_callers",
    ),
    Fence(
        "a neighbour's job_key holds up nobody",
        f"{API}/jobs/coalescer.py",
        "            if not keyed:\n                raise\n",
        "            raise\n",
        "tests/integration/api/test_deadlocks.py::test_a_creation_does_not_wait_for_a_neighbours_job_key",
    ),
    Fence(
        "secrets are for those who may change the job",
        f"{API}/views/job.py",
        "    if principal.role < Role.OPERATOR:\n",
        "    if principal.role < Role.VIEWER:\n",
        "tests/integration/api/test_hidden.py::test_who_only_reads_does_not_see_them",
    ),
    Fence(
        "the last admin key is kept",
        f"{API}/keys.py",
        "    if admin.scope.everything and await keys.lock_admins() == [key_id] and not force:\n",
        "    if admin.scope.everything and await keys.lock_admins() == [] and not force:\n",
        "tests/integration/api/test_keys.py::test_the_last_admin_key_is_revoked_on_purpose_only",
    ),
    Fence(
        "a team's admin speaks for nobody else",
        f"{API}/keys.py",
        "        if user_id != admin.user_id and await keys.is_stranger(user_id, admin.team_id):\n",
        "        if user_id != admin.user_id and await keys.is_stranger(user_id, 0):\n",
        "tests/integration/api/test_keys.py::test_a_teams_admin_makes_no_key_that_speaks_as_a_stranger",
    ),
    Fence(
        "a body is no deeper than can be kept",
        f"{API}/web/json_faults.py",
        'if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and',
        'if raw.count(b"[") + raw.count(b"{") > 10**9 and',
        "tests/unit/api/test_json_faults.py::test_what_is_nested_too_deeply_is_named",
    ),
    Fence(
        "a number that would become another is refused",
        f"{API}/web/json_faults.py",
        "    return found + inexact_numbers(raw)\n",
        "    return found\n",
        "tests/unit/api/test_json_faults.py::test_a_number_that_would_become_another",
    ),
    Fence(
        "an unknown member of a patch is refused, null too",
        f"{API}/jobs/steps.py",
        "    patched |= {name: value for name, value in patch.items() if name not in DEFINITION_FIELDS}",
        "    patched |= {}",
        "tests/integration/api/test_refused_changes.py::test_a_patch_of_what_is_no_field",
    ),
    Fence(
        "a parameter can be kept as text",
        f"{API}/web/query.py",
        '    if "\\0" in text or not (',
        "    if text is None and not (",
        "tests/integration/api/test_hostile_input.py::test_every_parameter_takes_every_value",
    ),
    Fence(
        "a cursor's time has a zone",
        f"{API}/web/pages.py",
        "        if moment.tzinfo is None:\n",
        "        if moment is None:\n",
        "tests/integration/api/test_hostile_input.py::test_every_parameter_takes_every_value",
    ),
    Fence(
        "creations behind a hung batch are answered with it",
        f"{API}/jobs/coalescer.py",
        "while self._waiting and isinstance(error.__cause__, TimeoutError):",
        "while self._waiting and error is None:",
        "tests/integration/api/test_hung_postgres.py::test_creations_behind_a_hung_batch_are_answered_with_it",
    ),
    Fence(
        "what is no request is not logged as it came",
        "libs/common/src/foliot/common/process/connections.py",
        "    def handle_error(\n",
        "    def handled(\n",
        "tests/integration/api/test_malformed_requests.py::test_what_is_no_request_is_a_problem",
    ),
    Fence(
        "half a head ends",
        "libs/common/src/foliot/common/process/connections.py",
        "                connection.look(now, self._bounds)\n",
        "                connection.look(0, self._bounds)\n",
        "tests/integration/api/test_slow_clients.py::test_half_a_head",
    ),
]
