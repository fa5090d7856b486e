"""Guards of the API: what it changes and what it shows."""

from __future__ import annotations

from fences.fence import Fence

API = "services/api/src/foliot/api"
CHANGE_TESTS = "tests/integration/api/test_time_of_changes.py"

FENCES = [
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
        "the timeline sees what is missing",
        f"{API}/views/outcomes.py",
        "    return Unrecorded.MISSING\n",
        "    return Unrecorded.TO_COME\n",
        "tests/integration/api/test_timeline.py::test_a_tick_without_a_row_is_missing",
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
        f"{API}/web/parameters.py",
        "if not _storable(value)}",
        "if value is None}",
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
