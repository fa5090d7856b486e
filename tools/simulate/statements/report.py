"""The report of a violation: the order of the steps as a sequence, one column a process."""

from __future__ import annotations

from simulate.statements.story import Told

WIDTH = 34
"""Characters of a column."""
LAST = 120
"""Steps that are shown: those before the violation."""


def sequence(told: Told) -> str:
    """A table of the last steps: a line a step, in the column of its process."""
    steps = [step.partition(":")[::2] for step in told.trace[-LAST:]]
    processes = list(dict.fromkeys(process for process, _ in steps))
    lines = ["".join(f"{process:<{WIDTH}}" for process in processes).rstrip()]
    for process, label in steps:
        lines.append(" " * WIDTH * processes.index(process) + label)
    return "\n".join(lines)


def story_of(told: Told) -> str:
    assert told.violation is not None
    head = f"seed {told.seed} breaks: {told.violation.invariant}"
    return f"{head}\n{str(told.violation.evidence)[:3_000]}\n\n{sequence(told)}\n"
