"""What must be true after every round of a story, and what at its end."""

from __future__ import annotations

from simulate.statements.evidence import Evidence
from simulate.statements.invariants import attempts, changes, runs, terms, ticks

ALWAYS = (
    attempts.steps_are_allowed,
    attempts.claims_hold,
    attempts.records_are_of_the_claimant,
    attempts.work_has_a_claim,
    attempts.work_of_a_run_never_overlaps,
    attempts.nothing_starts_after_a_cancel,
    attempts.a_cancel_reaches_what_is_open,
    attempts.attempts_have_no_holes,
    attempts.runs_have_the_definition_of_their_claim,
    attempts.cancel_running_cancels,
    attempts.planned_by_the_definition_in_force,
    attempts.the_planner_cancels_for_a_new_run,
    terms.a_former_term_writes_nothing,
    terms.terms_grow,
    runs.overlap_is_as_allowed,
    runs.open_since_is_no_later_than_the_oldest_open_run,
    runs.a_job_ends_once_and_last,
    ticks.planned_ticks_are_the_rules,
    ticks.max_runs_counts_runs,
    ticks.what_a_change_drops_is_covered,
    ticks.no_tick_is_covered_twice,
    ticks.nothing_is_written_before_the_floor,
    ticks.a_restore_arms_no_tick_that_has_passed,
)
IN_THE_END = (
    runs.what_failed_is_a_dead_letter,
    runs.nothing_is_left_open,
    terms.candidacies_grow,
    runs.the_last_status_is_that_of_the_last_run,
    changes.what_is_answered_is_audited,
    changes.versions_are_complete,
    changes.many_are_audited_one_by_one,
    changes.operations_are_whole,
)


async def check(evidence: Evidence) -> None:
    """Raises Violation."""
    await evidence.read()
    for invariant in ALWAYS:
        invariant(evidence)


async def check_end(evidence: Evidence) -> None:
    """Raises Violation."""
    for invariant in IN_THE_END:
        await invariant(evidence)
