"""The machines, and the seeds of a campaign: seed by seed in turn, so that every part of a campaign has them all."""

from __future__ import annotations

from typing import NamedTuple

from simulate.virtual.creation.machine import CreationMachine
from simulate.virtual.dispatch.machine import DispatchMachine
from simulate.virtual.election.machine import ElectionMachine
from simulate.virtual.story import Machine
from simulate.virtual.worker.machine import WorkerMachine

MACHINES: dict[str, Machine] = {
    machine.name: machine for machine in (WorkerMachine(), ElectionMachine(), DispatchMachine(), CreationMachine())
}
TURN = (
    "worker",
    "dispatch",
    "creation",
    "election",
    "dispatch",
    "creation",
    "worker",
    "dispatch",
    "creation",
    "creation",
)
"""The machine of each seed, by its last digit. A story of workers or of an election costs ten times one of creation."""


class Numbered(NamedTuple):
    """One story of a campaign."""

    machine: Machine
    seed: int


def story_of(seed: int) -> Numbered:
    """The same machine and seed in every campaign."""
    return Numbered(MACHINES[TURN[seed % len(TURN)]], seed)
