"""Invariants of leadership: what a former term may not do."""

from __future__ import annotations

from simulate.statements.evidence import Evidence
from simulate.statements.violation import Violation


def a_former_term_writes_nothing(evidence: Evidence) -> None:
    """No commit of a scheduler after a successor's term was taken."""
    effects = evidence.effects
    for step, process in effects.writes:
        term = effects.terms.get(process)
        if term is not None and any(taken < step and later > term for taken, later in effects.taken):
            raise Violation("a former term writes", (process, term, effects.taken))


async def candidacies_grow(evidence: Evidence) -> None:
    """A scheduler whose node is older takes no term from one whose node is newer. Looked at in the end."""
    rows = await evidence.rows("SELECT czxid FROM leader_terms ORDER BY term")
    czxids = [row["czxid"] for row in rows]
    if czxids != sorted(set(czxids)):
        raise Violation("an older candidacy takes a term", czxids)


def terms_grow(evidence: Evidence) -> None:
    """Rows are planned under the term of their time: terms never go back in the order of the commits."""
    terms = [term for _, term in evidence.effects.taken]
    if terms != sorted(set(terms)):
        raise Violation("terms do not grow", terms)
