"""The judge of workers: the work that really runs, beside what the ledger says of it."""

from __future__ import annotations

from dataclasses import dataclass

from foliot.common.model.execution import Outcome
from foliot.common.model.states import ExecutionStatus
from simulate.virtual.owners import Process
from simulate.virtual.story import Stage
from simulate.virtual.worker.ledger import Ledger

WAKES_WITHIN = 0.2
"""Seconds after SIGCONT in which a worker must have killed what it lost while it was stopped."""
STOPS_WITHIN = 1.0
"""Seconds that work takes to end, at most, when it is asked to for the first time."""


LOSES = ("pause", "kill")
"""Faults after which a worker is lost, beside those of PostgreSQL."""


@dataclass
class Effect:
    """The work of one attempt, from its start to its end. `paused`: seconds for which its process was stopped."""

    execution_id: int
    job_id: int
    process: Process
    claim: int
    began: float
    deadline: float
    paused: float = 0.0
    ended: float | None = None
    succeeded: bool = False


class Judge:
    """Told of each start and end of work, and of each statement that ends an attempt."""

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage = stage
        self._ledger = ledger
        self.effects: dict[int, Effect] = {}

    def _expect(self, holds: bool, invariant: str, detail: str) -> None:
        self._stage.expect(holds, invariant, lambda: detail)

    def tell(self, target: int, what: str, execution_ids: list[int]) -> None:
        self._stage.note(f"worker-{target}", f"{what} {execution_ids}")

    def claimed(self, rows: int, alive: bool) -> None:
        self._expect(alive or not rows, "nothing is claimed under a dead token", f"{rows} executions")

    def began(self, effect: Effect) -> None:
        row = self._ledger.rows[effect.execution_id]
        name = f"execution {effect.execution_id} at {effect.process.name}"
        self._stage.note(effect.process.name, f"starts {name}")
        self._expect(effect.execution_id not in self.effects, "an attempt starts once", name)
        owned = row.status == ExecutionStatus.RUNNING and row.claim == effect.claim
        self._expect(owned, "work starts only under a claim that holds", f"{name} is {row.status}")
        for other in self.effects.values():
            if other.job_id == effect.job_id and other.ended is None:
                self._expect(
                    self._excused(other.process) or self._excused(effect.process), "attempts of a run never overlap",
                    f"{name} starts while execution {other.execution_id} runs at {other.process.name}",
                )  # fmt: skip
        self.effects[effect.execution_id] = effect

    def ended(self, effect: Effect) -> None:
        effect.ended = self._stage.now
        self._stage.note(effect.process.name, f"ends execution {effect.execution_id}")
        took = effect.ended - effect.deadline - effect.paused
        self._expect(took <= STOPS_WITHIN, "a timeout ends the work", f"{took:.3f} s after its deadline")

    def rescued(self, execution_ids: list[int]) -> None:
        kinds = {fault.kind for fault in self._stage.plan.faults}
        lost = any(kind in LOSES or kind.startswith("pg-") for kind in kinds)
        for execution_id in execution_ids:
            self._expect(lost, "a stop leaves nothing to the rescue", f"execution {execution_id}")
            effect = self.effects.get(execution_id)
            self._stage.note("rescuer", f"ends execution {execution_id}")
            if effect is not None and effect.ended is None:
                self._expect(
                    self._excused(effect.process), "a worker fences itself before the rescue",
                    f"execution {execution_id} still runs at {effect.process.name}",
                )  # fmt: skip

    def ends(self, locked: set[int], job_ids: list[int]) -> None:
        """A statement ends attempts of these jobs, after those of `locked` were locked in its transaction."""
        self._expect(locked.issuperset(job_ids), "a job is locked before its attempts", f"jobs {job_ids}")

    def noted(self) -> None:
        """At the end: what is noted of a job is how its last attempt ended. One that ended at a claim whose answer was
        lost is not noted, if its job was cancelled in the meantime."""
        noted = self._ledger.noted
        for job_id, last in {row.job_id: row for row in self._ledger.rows.values()}.items():
            holds = noted.get(job_id) == last.status or last.ended_by == "claim"
            self._expect(holds, "the last outcome is noted", f"{noted.get(job_id)} of {last}")

    def recorded(self, outcome: Outcome, claim: int | None) -> None:
        effect = self.effects.get(outcome.execution_id)
        self._stage.note("ledger", f"execution {outcome.execution_id} is {outcome.status}")
        if effect is None:
            self._expect(outcome.status != ExecutionStatus.COMPLETED, "what is recorded was done", f"{outcome}")
            return
        self._expect(effect.ended is not None, "what is recorded was done", f"{outcome.execution_id} still runs")
        self._expect(
            effect.claim == claim, "nothing is recorded under a former token", f"execution {outcome.execution_id}"
        )
        done = outcome.status == ExecutionStatus.COMPLETED
        self._expect(done == effect.succeeded, "what is recorded was done", f"{outcome}")

    def killed(self, process: Process) -> None:
        """SIGKILL ends what runs inside of a process."""
        for effect in self.effects.values():
            if effect.process is process and effect.ended is None:
                effect.ended = self._stage.now

    def resumed(self, process: Process) -> None:
        """SIGCONT. What was lost while the process was stopped must be killed at once."""
        for effect in self.effects.values():
            if effect.process is process and effect.ended is None:
                effect.paused += self._stage.now - max(process.stopped_at, effect.began)
        self._stage.loop.call_later(WAKES_WITHIN, self._awake, process)

    def _awake(self, process: Process) -> None:
        for effect in self.effects.values():
            if effect.process is process and effect.ended is None and not process.stopped:
                row = self._ledger.rows[effect.execution_id]
                owned = row.status == ExecutionStatus.RUNNING and row.claim == effect.claim
                self._expect(
                    owned, "a woken worker kills what it lost", f"execution {row.execution_id} runs at {process.name}"
                )

    def acked(self, process: Process, execution_id: int, dispatch: int) -> None:
        row = self._ledger.rows[execution_id]
        lost = row.status == ExecutionStatus.QUEUED and row.dispatched and row.dispatch == dispatch
        self._expect(not lost, "a delivery is acked after its commit", f"execution {execution_id} at {process.name}")

    def _excused(self, process: Process) -> bool:
        """In-process work of a stopped process stands still, and nobody can end it."""
        return process.stopped or self._just_woken(process)

    def _just_woken(self, process: Process) -> bool:
        return self._stage.now - process.resumed_at < WAKES_WITHIN
