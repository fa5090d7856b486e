"""The lease: its deadline lies before the server's, and a new token voids it."""

from __future__ import annotations

import pytest

from foliot.worker.lease import Lease
from support.clocks import ManualClock


@pytest.mark.parametrize(("seconds", "usable"), [(30.0, 25.0), (3.0, 2.5), (600.0, 500.0)])
def test_the_deadline_counts_from_before_the_heartbeat(seconds: float, usable: float) -> None:
    clock = ManualClock()
    lease = Lease(clock, seconds)
    assert not lease.holds
    sent_at = clock.elapsed()
    clock.advance(1)  # the answer takes a second
    lease.extend(sent_at)
    assert lease.left == pytest.approx(usable - 1)
    clock.advance(usable - 1.001)
    assert lease.holds
    clock.advance(0.002)
    assert not lease.holds


def test_an_answer_that_was_overtaken_does_not_shorten_it() -> None:
    clock = ManualClock()
    lease = Lease(clock, 30.0)
    lease.extend(clock.elapsed())
    lease.extend(clock.elapsed() - 10)
    assert lease.left == pytest.approx(25.0)


def test_a_new_token_holds_nothing_until_its_first_heartbeat() -> None:
    clock = ManualClock()
    lease = Lease(clock, 30.0)
    former = lease.claim
    lease.extend(clock.elapsed())
    lease.renew_token()
    assert lease.claim != former
    assert not lease.holds


def test_a_token_is_a_positive_bigint() -> None:
    lease = Lease(ManualClock(), 30.0)
    for _ in range(1_000):
        lease.renew_token()
        assert 0 < lease.claim < 2**63
