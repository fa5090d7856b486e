"""Guards of job keys, versions, and the way back from a deletion."""

from __future__ import annotations

from fences.fence import Fence

API = "services/api/src/foliot/api"
RETENTION = "libs/common/src/foliot/common/ledger/retention.sql"
RETENTION_TESTS = "tests/integration/scheduler/test_retention.py"
KEY_TESTS = "tests/integration/api/test_by_key.py"

FENCES = [
    Fence(
        "an equal definition is found without a lock",
        f"{API}/jobs/putting.py",
        "    if not changed_fields(seen, definition):\n        return seen\n",
        "",
        f"{KEY_TESTS}::test_an_equal_definition_does_not_wait_for_a_lock",
    ),
    Fence(
        "of two that create one key the second replaces",
        f"{API}/jobs/putting.py",
        '        raise RolledBack("a job with this job_key was created at the same time") from error\n',
        "        raise error\n",
        f"{KEY_TESTS}::test_many_at_once_make_one_job",
    ),
    Fence(
        "If-None-Match is looked at",
        f"{API}/jobs/putting.py",
        "        if excludes(self.if_none_match, job.version):\n",
        "        if excludes(None, job.version):\n",
        f"{KEY_TESTS}::test_preconditions",
    ),
    Fence(
        "a key means a job of the caller's own",
        f"{API}/queries/keyed_jobs.sql",
        "SELECT job_id FROM jobs WHERE COALESCE(team_id, -user_id) = $1 AND job_key = $2 AND deleted_at IS NULL\n",
        "SELECT job_id FROM jobs WHERE $1::bigint IS NOT NULL AND job_key = $2 AND deleted_at IS NULL\n",
        f"{KEY_TESTS}::test_a_key_means_a_job_of_the_callers_own_team",
    ),
    Fence(
        "secrets are hidden in versions",
        f"{API}/views/versions.py",
        "    visible = _visible(definition, principal)\n",
        "    visible = definition\n",
        "tests/integration/api/test_versions.py::test_secrets_are_hidden_in_definitions_and_changes",
    ),
    Fence(
        "secrets are hidden in what a version changed",
        f"{API}/views/versions.py",
        "        seen = _visible(former, principal)\n",
        "        seen = former\n",
        "tests/integration/api/test_versions.py::test_secrets_are_hidden_in_definitions_and_changes",
    ),
    Fence(
        "a page of versions is bounded",
        f"{API}/views/versions.py",
        "(size < PAGE_BYTES or len(found) < 2):\n",
        "(size >= 0 or len(found) < 2):\n",
        "tests/integration/api/test_versions.py::test_a_page_of_large_definitions_is_cut_short",
    ),
    Fence(
        "no tick comes back with a restored job",
        f"{API}/jobs/next_tick.py",
        "    return times.next_after(job.since - grace - _MICROSECOND if fires_once(times) else now)\n",
        "    return times.next_after(job.since - grace - _MICROSECOND)\n",
        "tests/integration/api/test_restore.py::test_it_is_armed_from_now_listed_and_plannable",
    ),
    Fence(
        "a restored job is listed again",
        f"{API}/jobs/steps.py",
        "    await change.unit.versions.list_restored(job_id)\n",
        "",
        "tests/integration/api/test_restore.py::test_it_is_armed_from_now_listed_and_plannable",
    ),
    Fence(
        "a job that can be restored is kept",
        RETENTION,
        "      AND (j.deleted_at IS NULL OR j.deleted_at < now() - interval '30 days')\n",
        "",
        f"{RETENTION_TESTS}::test_finished_one_time_jobs_go_but_not_while_a_dead_letter_is_open",
    ),
    Fence(
        "the row that says who made a version is kept",
        RETENTION,
        "AND f.valid_from > v.valid_from))\n",
        "AND f.valid_from > v.valid_from) OR true)\n",
        f"{RETENTION_TESTS}::test_replaced_versions_go_and_the_first_row_of_one_stays_with_the_others",
    ),
]
