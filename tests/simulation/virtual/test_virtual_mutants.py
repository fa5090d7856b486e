"""A handful of the faults that stories in virtual time must find; `python -m simulate.virtual --mutants` tries them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulate.virtual import telling
from simulate.virtual.loop import VirtualLoop
from simulate.virtual.machines import MACHINES
from simulate.virtual.mutants import Mutant, planted
from simulate.virtual.planted import MUTANTS
from simulate.virtual.quiet import quiet
from simulate.virtual.shrink import shrink
from simulate.virtual.story import play

KEPT = (
    "a worker that never fences itself",
    "an attempt starts for each copy of its message",
    "a claim under a dead token",
    "a node is ours whoever owns it",
    "a node that was deleted is trusted",
    "windows without a limit",
    "what the broker lost is forgotten",
    "answers in another order",
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if mutant.name in KEPT], ids=lambda one: one.name)
def test_a_planted_fault_breaks_the_story_of_its_seed(mutant: Mutant) -> None:
    machine = MACHINES[mutant.machine]
    with planted(mutant):
        assert play(machine, mutant.seed).violation is not None
    assert play(machine, mutant.seed).violation is None


def test_all_names_are_mutants() -> None:
    assert {mutant.name for mutant in MUTANTS}.issuperset(KEPT)


def test_every_mutant_still_finds_its_guard() -> None:
    for mutant in MUTANTS:
        with planted(mutant):
            pass


def test_a_failure_is_shrunk_and_told_as_a_sequence() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "a worker that never fences itself")
    machine = MACHINES[mutant.machine]
    with planted(mutant):
        found = play(machine, mutant.seed)
        smallest = shrink(machine, found)
        text = telling.story(machine, smallest)
    assert found.violation is not None
    assert smallest.violation is not None
    assert smallest.violation[0] == found.violation[0]
    assert (smallest.plan.size, len(smallest.plan.faults)) <= (found.plan.size, len(found.plan.faults))
    assert all(f"fault {fault}" in text for fault in smallest.plan.faults)
    assert "starts execution" in text
    assert smallest.violation[0] in text.splitlines()[-1]


def test_an_hour_of_virtual_time_takes_no_time() -> None:
    loop = VirtualLoop(1, fair=True, most_steps=1_000)
    handle = loop.call_later(3_600, loop.stop)
    loop.run_forever()
    loop.close()
    assert (loop.time(), handle.cancelled()) == (3_600, False)
