"""`make fences` takes minutes; that each fence still has its guard and its test is seen here."""

from __future__ import annotations

import pytest

from fences.__main__ import ROOT
from fences.fence import Fence
from fences.guards import FENCES


@pytest.mark.parametrize("fence", FENCES, ids=lambda fence: fence.name)
def test_the_guard_stands_once_and_its_test_is_there(fence: Fence) -> None:
    assert (ROOT / fence.file).read_text().count(fence.guard) == 1
    file, _, name = fence.test.partition("::")
    assert (f"def {name.partition('[')[0]}(" if name else "def test_") in (ROOT / file).read_text()
