"""Seeds of stories that once broke an invariant because the product was wrong: they are played first."""

from __future__ import annotations

PAST = [
    ("worker", 1565),  # a release took away what ran from another message
    ("worker", 259),  # a claim that found its job cancelled lost its answer
    ("election", 1039),  # confirmed without a node, while the duties ended
    ("election", 1126),
]
"""Machine and seed. A change of a machine draws other stories from them: the mutants stay."""
