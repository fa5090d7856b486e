"""Effects: what the processes of a story did and were told, in the order of the steps. The other half of the evidence
beside the history of the rows."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from foliot.common.ledger.statements import Statement
from simulate.statements.step import Step

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE \w|DELETE FROM)")


class Work(msgspec.Struct, kw_only=True):
    """One attempt's work, done by one process: from its start to its end. `end`: None while it goes on."""

    process: str
    execution_id: int
    job_id: int
    run: str
    claim: int
    start: int
    end: int | None = None
    killed: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that has run. `granted`: its step; `done`: the last step when its answer came."""

    process: str
    name: str
    granted: int
    done: int
    args: tuple[Any, ...]
    result: Any
    writes: bool


class Effects:
    def __init__(self) -> None:
        self.work: list[Work] = []
        self.said: list[Said] = []
        self.terms: dict[str, int] = {}
        """The term of each scheduler process."""
        self.taken: list[tuple[int, int]] = []
        """(step of the commit, term)."""
        self.writes: list[tuple[int, str]] = []
        """(step, process) of each commit that wrote something."""
        self.cancelled: dict[int, int] = {}
        """job_id -> the step at which its cancel or deletion was committed and answered."""
        self.restored: set[int] = set()
        """Jobs of which somebody asked for a restore: what was cancelled may go on again."""
        self.calls: dict[str, str] = {}
        """The end of each call: done, refused, or unknown."""
        self.results: dict[str, list[dict[str, Any]]] = {}
        """The rows of each answer about many jobs."""
        self.overlapping: set[int] = set()
        """Jobs of which somebody asked for runs beside each other."""
        self._wrote: set[tuple[str, int]] = set()

    def observe(self, process: str, step: Step, statement: Statement, args: tuple[Any, ...], result: Any) -> None:
        writes = bool(_WRITES.search(statement.sql)) and _touched(result)
        self.said.append(
            Said(process=process, name=statement.name, granted=step.number, done=step.number, args=args, result=result,
                 writes=writes)
        )  # fmt: skip
        if writes:
            self._wrote.add((process, step.pid or 0))

    def committed(self, process: str, step: int, pid: int) -> None:
        if (process, pid) in self._wrote:
            self.writes.append((step, process))
        self.ended(process, pid)

    def ended(self, process: str, pid: int) -> None:
        """A transaction is over: what comes over this connection next belongs to another."""
        self._wrote.discard((process, pid))

    def begin(self, work: Work) -> None:
        self.work.append(work)

    def process_died(self, process: str, step: int) -> None:
        for work in self.work:
            if work.process == process and work.end is None:
                work.end, work.killed = step, True


def _touched(result: Any) -> bool:
    """True if a statement wrote a row: its count, or a row whose last column is not null (a plan that wrote nothing
    gives its floor alone)."""
    return result > 0 if isinstance(result, int) else any(row[len(row) - 1] is not None for row in result)
