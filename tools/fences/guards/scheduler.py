"""Guards of the scheduler: what it decides, plans, sends and removes."""

from __future__ import annotations

from fences.fence import Fence

SCHEDULER = "services/scheduler/src/foliot/scheduler"
DISPATCH_TESTS = "tests/integration/scheduler/test_dispatch.py"
RETENTION_TESTS = "tests/integration/scheduler/test_retention.py"
DECISION_TESTS = "tests/unit/scheduler/test_decisions.py"
LEADERSHIP_TESTS = "tests/integration/scheduler/test_leadership.py"
AHEAD_TESTS = "tests/integration/scheduler/test_ahead.py"

FENCES = [
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
        "sending the unconfirmed again",
        f"{SCHEDULER}/dispatcher.py",
        "        if not await self._publish(message):\n            self._unconfirmed.append(message)\n",
        "        await self._publish(message)\n",
        f"{DISPATCH_TESTS}::test_what_the_broker_did_not_confirm_is_sent_again",
    ),
    Fence(
        "a month with open work stays",
        f"{SCHEDULER}/retention.py",
        'if parent == "executions" and await',
        'if parent == "nothing" and await',
        f"{RETENTION_TESTS}::test_a_closed_month_with_open_work_stays_until_that_has_ended",
    ),
    Fence(
        "a portion is written under the floor that it was judged by",
        f"{SCHEDULER}/plan_writer.py",
        "                if _floor_of(judged) < floor:",
        "                if self._floor.at < floor:",
        "tests/integration/scheduler/test_planner_races.py::test_portions_that_were_judged_before_history_was_closed_are_judged_again",
    ),
    Fence(
        "a gap is judged whole",
        f"{SCHEDULER}/decisions.py",
        "    if len(kept) < keep:\n        return [first, *kept], []\n",
        "    if len(kept) < keep:\n        return kept, []\n",
        f"{DECISION_TESTS}::test_a_few_late_ticks_before_very_many_in_time_are_judged_as_any_others",
    ),
    Fence(
        "ticks of a gap follow the overlap policy where they met a run",
        f"{SCHEDULER}/overlap.py",
        "(gap and _was_free(tick, open_runs))",
        "gap",
        "tests/unit/scheduler/test_overlap.py::test_ticks_of_a_failover_follow_the_overlap_policy",
    ),
    Fence(
        "a tick that is not expected any more cancels nothing",
        f"{SCHEDULER}/decisions.py",
        "cancels and planned == rows",
        "cancels",
        "tests/unit/scheduler/test_overlap.py::test_max_runs_counts_the_runs_of_a_gap_and_not_what_overlapped",
    ),
    Fence(
        "a leader whose node was deleted is not confirmed",
        f"{SCHEDULER}/leadership.py",
        "                self._deadline = 0.0  # not confirmed from here on, however long the duties take to end\n",
        "",
        f"{LEADERSHIP_TESTS}::test_a_leader_whose_node_was_deleted_is_not_confirmed_while_its_duties_end",
    ),
    Fence(
        "a node without a session is replaced",
        f"{SCHEDULER}/leadership.py",
        "if not node.is_ephemeral:",
        "if node is None:",
        f"{LEADERSHIP_TESTS}::test_a_node_without_a_session_is_replaced",
    ),
    Fence(
        "nodes that are there get the password",
        f"{SCHEDULER}/leadership.py",
        "        await zk.protect(self._root)\n",
        "",
        f"{LEADERSHIP_TESTS}::test_nodes_that_are_there_get_the_password_at_the_next_start",
    ),
    Fence(
        "a plan of the future is not believed",
        "libs/common/src/foliot/common/ledger/terms.sql",
        "    WHERE planned_at <= clock_timestamp())) AS planned_ago",
        ")) AS planned_ago",
        "tests/integration/scheduler/test_presence.py::test_a_plan_of_the_future_is_not_believed",
    ),
    Fence(
        "a shadow is not planned as a plain tick",
        f"{SCHEDULER}/decisions.py",
        " and not job.shadow\n",
        "\n",
        f"{DECISION_TESTS}::test_a_shadow_is_never_plain",
    ),
    Fence(
        "pauses end under the term",
        f"{SCHEDULER}/pause_ends.py",
        "            await unit.terms.hold_term(self._term)\n",
        "",
        "tests/integration/api/test_pauses.py::test_a_leader_whose_term_has_passed_resumes_nothing",
    ),
    Fence(
        "a pause that was made again is not ended",
        f"{SCHEDULER}/pause_ends.py",
        "if job.job_id in ending and job.status == JobStatus.PAUSED]",
        "if job.status == JobStatus.PAUSED]",
        "tests/integration/api/test_pauses.py::test_a_pause_that_was_made_again_is_not_ended",
    ),
    Fence(
        "a job that is paused no more is not resumed",
        f"{SCHEDULER}/pause_ends.py",
        "if job.job_id in ending and job.status == JobStatus.PAUSED]",
        "if job.job_id in ending]",
        "tests/integration/api/test_pauses.py::test_a_job_that_was_resumed_before_is_left_alone",
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
        "rows in portions",
        f"{SCHEDULER}/portions.py",
        "            if rows >= ROWS_PER_PORTION:\n",
        "            if rows >= ROWS_PER_PORTION * 1_000:\n",
        "tests/integration/scheduler/test_planner_bars.py::test_what_is_due_now_is_planned_before_the_catch_up",
    ),
    Fence(
        "a new tzdata moves under the job's lock",
        f"{SCHEDULER}/time_zones.py",
        "        if counts.held:\n            return HELD_JOBS_AFTER\n",
        "",
        "tests/integration/scheduler/test_time_zones.py::test_more_jobs_than_a_batch_and_one_that_somebody_holds",
    ),
]
