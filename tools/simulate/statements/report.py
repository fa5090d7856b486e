"""The report of a violation: the order of the steps as a table, a line a step."""

from __future__ import annotations

from simulate.statements.story import Told

LAST = 120
"""Steps that are shown: those before the violation."""


def sequence(told: Told) -> str:
    """A table of the last steps: number, process, statement. A process that goes on after another one is set apart."""
    first = max(0, len(told.trace) - LAST)
    steps = [step.partition(":")[::2] for step in told.trace[first:]]
    width = max((len(process) for process, _ in steps), default=0)
    lines, before = [], ""
    for number, (process, label) in enumerate(steps, first + 1):
        lines.append(f"{number:>6}  {process if process != before else '':<{width}}  {label}")
        before = process
    return "\n".join(lines)


def story_of(told: Told) -> str:
    assert told.violation is not None
    head = f"seed {told.seed} breaks: {told.violation.invariant}"
    return f"{head}\n{str(told.violation.evidence)[:3_000]}\n\n{sequence(told)}\n"
