"""Seeds of stories that once broke an invariant because the product was wrong: they are played first."""

from __future__ import annotations

PAST = [
    ("worker", 447),  # a release took away what ran from another message
    ("election", 1039),  # confirmed without a node, while the duties ended
]
"""Machine and seed. A change of a machine draws other stories: the mutants of these faults then tell new seeds."""
