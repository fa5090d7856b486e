"""A unit of work is done again after a deadlock, a few times, and after nothing else."""

from __future__ import annotations

import asyncpg
import pytest

from foliot.common.errors import RolledBack, Unavailable
from foliot.common.ledger import again as module
from foliot.common.ledger.again import PAUSES, again
from foliot.common.ledger.postgres import Pool
from support.clocks import ManualClock


class Work:
    """Raises the given errors, one a call, and then gives 5."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    @again
    async def make(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return 5


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    made = ManualClock()
    monkeypatch.setattr(module, "CLOCK", made)
    return made


async def test_it_is_done_again_after_short_pauses(clock: ManualClock) -> None:
    began, work = clock.elapsed(), Work(*[RolledBack("a deadlock")] * 3)
    assert await work.make() == 5
    assert work.calls == 4
    assert sum(PAUSES) * 0.5 <= clock.elapsed() - began <= sum(PAUSES) * 1.5


async def test_not_for_ever() -> None:
    work = Work(*[RolledBack("a deadlock")] * 9)
    with pytest.raises(Unavailable):
        await work.make()
    assert work.calls == 4


async def test_what_may_have_happened_is_not_done_again() -> None:
    work = Work(Unavailable("connection lost in COMMIT"))
    with pytest.raises(Unavailable):
        await work.make()
    assert work.calls == 1


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError("d"), asyncpg.SerializationError("s")])
def test_a_rolled_back_transaction_is_known_by_its_error(error: Exception) -> None:
    assert isinstance(Pool("", size=1, name="t")._unavailable(error), RolledBack)
    assert not isinstance(Pool("", size=1, name="t")._unavailable(asyncpg.LockNotAvailableError("l")), RolledBack)
