"""Guards of changes of many jobs."""

from __future__ import annotations

from fences.fence import Fence

BULK = "services/api/src/foliot/api/bulk"
APPLY = "tests/integration/api/test_apply.py"
OPERATIONS = "tests/integration/api/test_operations.py"

FENCES = [
    Fence(
        "bulk: one process does a chunk",
        f"{BULK}/operations.py",
        "            if not await unit.operations.lock_operation(operation_id):\n",
        "            if await unit.operations.lock_operation(operation_id) is None:\n",
        f"{OPERATIONS}::test_many_processes_share_the_work_and_do_no_row_twice",
    ),
    Fence(
        "bulk: a revoked key stops its operation",
        f"{BULK}/operations.py",
        "            if work.role is None:\n",
        "            if work.role == '':\n",
        f"{OPERATIONS}::test_it_stops_when_its_key_is_revoked",
    ),
    Fence(
        "bulk: a fault stops one operation",
        f"{BULK}/operations.py",
        "        except Exception as error:  # what cannot be done now cannot be done later: it must not be tried for ever\n",
        "        except ZeroDivisionError as error:\n",
        f"{OPERATIONS}::test_a_fault_stops_it_and_no_other",
    ),
    Fence(
        "bulk: a job that changed behind the plan is left alone",
        f"{BULK}/applying.py",
        "        if job.version != version:\n",
        "        if job.version == -1:\n",
        f"{APPLY}::test_a_change_behind_the_plan_undoes_all_of_it",
    ),
    Fence(
        "bulk: an apply is done whole or not at all",
        f"{BULK}/applying.py",
        "        raise Undone(undone(rows))\n",
        "        return undone(rows)\n",
        f"{APPLY}::test_a_wrong_row_undoes_all_of_it",
    ),
    Fence(
        "bulk: prune needs the number",
        f"{BULK}/applying.py",
        "    if expected is None or expected == len(beyond):\n",
        "    if expected is None or expected >= 0:\n",
        f"{APPLY}::test_jobs_that_are_left_out_are_deleted_by_their_number_alone",
    ),
    Fence(
        "bulk: an equal definition is not touched",
        f"{BULK}/plan.py",
        "        if not fields:\n            return same\n",
        "",
        f"{APPLY}::test_new_jobs_are_made_changed_ones_edited_equal_ones_not_touched",
    ),
    Fence(
        "bulk: a job of another set is not taken",
        f"{BULK}/plan.py",
        "        _check_owner(job, request)\n",
        "",
        f"{APPLY}::test_a_job_of_another_set_is_a_conflict_unless_it_is_adopted",
    ),
    Fence(
        "bulk: what the jobs have open is cancelled",
        "services/api/src/foliot/api/jobs/many.py",
        "            found.outcomes |= await unit.endings.cancel_open(sorted(found.cancels))\n",
        "            pass\n",
        "tests/integration/api/test_bulk.py::test_a_step_of_many_leaves_the_ledger_as_single_steps_do",
    ),
    Fence(
        "bulk: a transaction takes few large payloads",
        f"{BULK}/operations.py",
        "            rows = rows[: await fitting(unit, [row.job_id for row in rows], change.principal.scope)]\n",
        "",
        f"{OPERATIONS}::test_few_large_jobs_are_one_too",
    ),
    Fence(
        "bulk: large bodies are few",
        "services/api/src/foliot/api/web/large_bodies.py",
        "    if _places.taken >= PLACES:\n",
        "    if _places.taken >= 100:\n",
        "tests/integration/api/test_bulk.py::test_few_large_bodies_are_held_at_once",
    ),
    Fence(
        "bulk: the ends of runs are written",
        "services/api/src/foliot/api/jobs/many.py",
        "            await end_runs(unit, sorted(set(found.ends)), found.outcomes)\n",
        "            pass\n",
        "tests/integration/api/test_bulk.py::test_a_job_that_is_left_without_a_tick_gets_its_end",
    ),
    Fence(
        "bulk: a job_key taken behind the look is looked at again",
        f"{BULK}/storing.py",
        "            if JOB_KEY_INDEX not in str(error):\n",
        "            if JOB_KEY_INDEX in str(error):\n",
        f"{APPLY}::test_a_key_that_is_taken_behind_the_look_is_looked_at_again",
    ),
]
