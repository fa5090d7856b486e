"""A violation: a promise that a story has broken."""

from __future__ import annotations


class Violation(Exception):
    """`invariant`: its name; `evidence`: what was seen."""

    def __init__(self, invariant: str, evidence: object) -> None:
        super().__init__(f"{invariant}: {evidence}")
        self.invariant = invariant
        self.evidence = evidence
