"""Fences of the executors: what keeps jobs of several tenants apart, and from undoing what they did."""

from __future__ import annotations

from fences.fence import Fence

EXECUTORS = "services/worker/src/foliot/worker/executors"
TESTS = "tests/integration/executors"

FENCES = [
    Fence(
        "an attempt has places of its own",
        f"{EXECUTORS}/supervisor/keeper.py",
        '        cover_places(inherited.directory, memory, order["tmp_bytes"])\n',
        "        pass\n",
        f"{TESTS}/test_script_places.py::test_what_is_left_in_places_of_all_users_is_gone",
    ),
    Fence(
        "a script makes no user namespace",
        f"{EXECUTORS}/supervisor/linux.py",
        '        file.write(b"0")\n',
        '        file.write(b"10")\n',
        f"{TESTS}/test_script_places.py::test_no_user_namespace_can_be_made_in_one",
    ),
    Fence(
        "deep trees are removed level by level",
        f"{EXECUTORS}/supervisor/removals.py",
        "                        os.rename(child, next(names), src_dir_fd=directory, dst_dir_fd=top)\n",
        "                        os.rmdir(child, dir_fd=directory)\n",
        f"{TESTS}/test_script_places.py::test_a_deep_tree_of_a_dead_supervisor_is_swept",
    ),
    Fence(
        "workers of a machine lock their user ids",
        f"{EXECUTORS}/supervisor/uids.py",
        "        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "        pass\n",
        f"{TESTS}/test_script.py::test_two_workers_of_a_machine_do_not_share_users",
    ),
    Fence(
        "a connection is left for another tenant",
        f"{EXECUTORS}/sql/shares.py",
        "return self._free > 1 or self._held[tenant] < self._half",
        "return True",
        f"{TESTS}/test_sql_connections.py::test_a_tenant_finds_a_connection_however_many_jobs_another_has",
    ),
    Fence(
        "a value that cannot be shown undoes nothing",
        f"{EXECUTORS}/sql_query.py",
        "    except NO_VALUE as error:\n",
        "    except ZeroDivisionError as error:\n",
        f"{TESTS}/test_sql_query.py::test_a_value_that_cannot_be_shown_undoes_nothing",
    ),
    Fence(
        "a statement that may write runs to its end",
        f"{EXECUTORS}/sql_query.py",
        "    while not source.read_only and await cursor.forward(",
        "    while source.read_only and await cursor.forward(",
        f"{TESTS}/test_sql_query.py::test_a_statement_that_may_write_runs_to_its_end",
    ),
    Fence(
        "teams do not end each other's statements",
        "infra/demo/demo.sql",
        "        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);\n",
        "        NULL;\n",
        f"{TESTS}/test_sql_demo.py::test_teams_neither_see_nor_end_each_others_statements",
    ),
    Fence(
        "the server's log holds no value of a job",
        "infra/demo/demo.sql",
        "ALTER ROLE foliot_demo SET log_min_messages = 'fatal';\n",
        "",
        f"{TESTS}/test_sql_demo.py::test_the_servers_log_holds_no_value_of_a_job",
    ),
    Fence(
        "the worker's log holds no value of a job",
        "services/worker/src/foliot/worker/report.py",
        "error=ended.log_error or ended.error_message",
        "error=ended.error_message",
        "tests/unit/worker/test_report.py::test_the_log_says_why_without_the_values_of_the_job",
    ),
]
