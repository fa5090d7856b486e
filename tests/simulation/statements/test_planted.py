"""The stories can fail: they find faults that are planted. `python -m simulate.statements.mutants` plants all of them."""

from __future__ import annotations

import pytest

from fences.__main__ import ROOT
from fences.fence import Fence
from fences.guards import FENCES
from simulate.statements.left_out import LEFT_OUT
from simulate.statements.mutants import look
from simulate.statements.planted import CHOSEN, OWN, PLANTED

QUICKLY_FOUND = ("term check", "a new version closes the one before")


@pytest.mark.parametrize("planted", [one for one in PLANTED if one.name in QUICKLY_FOUND], ids=lambda one: one.name)
def test_a_planted_fault_is_found(planted: Fence) -> None:
    assert look(planted, seeds=60) is not None


@pytest.mark.parametrize("planted", OWN, ids=lambda one: one.name)
def test_the_guard_stands_once(planted: Fence) -> None:
    assert (ROOT / planted.file).read_text().count(planted.guard) == 1


def test_what_was_chosen_of_the_fences_is_there() -> None:
    assert len(PLANTED) == len(OWN) + len(CHOSEN)


def test_every_fence_is_planted_or_left_out_for_a_reason() -> None:
    left_out = [name for names in LEFT_OUT.values() for name in names]
    assert sorted([*left_out, *CHOSEN]) == sorted(fence.name for fence in FENCES)
