"""The delay before the next attempt, and each reason why none follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from foliot.common.model.retry import DEFAULT_POLICY, Finished, RetryPolicy, policy_from, retry_delay
from foliot.common.model.states import ExecutionStatus, Trigger

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FAILED = Finished(
    execution_id=1, job_id=2, scheduled_time=NOON, attempt_number=1, status=ExecutionStatus.FAILED,
    trigger=Trigger.SCHEDULE, retry_policy=DEFAULT_POLICY,
)  # fmt: skip


def delay(
    u: float = 0, *, ended_at: datetime = NOON, policy: dict[str, Any] | None = None, **changes: Any
) -> float | None:
    """Seconds until the next attempt of FAILED with `changes`."""
    fields = {name: getattr(FAILED, name) for name in Finished.__struct_fields__}
    fields |= {"retry_policy": RetryPolicy(**policy or {})} | changes
    found = retry_delay(Finished(**fields), ended_at, u)
    return None if found is None else found.total_seconds()


def test_the_delay_grows_by_the_factor_up_to_the_maximum() -> None:
    policy = {"max_retries": 9, "backoff_factor": 3, "max_backoff": 100}
    assert [delay(policy=policy, attempt_number=n) for n in range(1, 7)] == [3, 9, 27, 81, 100, 100]


def test_a_fixed_delay_does_not_grow() -> None:
    policy = {"delay_seconds": 7_200, "max_retries": 9, "jitter": 0.5}
    assert [delay(policy=policy, attempt_number=n) for n in (1, 2, 9)] == [7_200] * 3
    assert delay(1, policy=policy) == 10_800
    assert delay(policy={"delay_seconds": 60}, retry_after=600) == 600


@pytest.mark.parametrize("factor", [3, 2.5])
def test_a_power_beyond_floats_is_the_maximum(factor: float) -> None:
    assert delay(policy={"max_retries": 10**6, "backoff_factor": factor}, attempt_number=100_000) == 3600


@pytest.mark.parametrize(("u", "seconds"), [(-1, 1.5), (0, 3), (1, 4.5)])
def test_jitter_spreads_to_both_sides(u: float, seconds: float) -> None:
    assert delay(u, policy={"jitter": 0.5}) == seconds


def test_the_widest_jitter_does_not_go_back_in_time() -> None:
    assert delay(-1, policy={"jitter": 1}) == 0


@pytest.mark.parametrize(("asked", "seconds"), [(None, 3), (1, 3), (60, 60), (10**9, 100)])
def test_the_longer_delay_counts_up_to_the_maximum(asked: float | None, seconds: float) -> None:
    assert delay(policy={"max_backoff": 100}, retry_after=asked) == seconds


@pytest.mark.parametrize("status", ExecutionStatus)
def test_only_failures_are_retried(status: ExecutionStatus) -> None:
    retried = status in (ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT)
    assert (delay(status=status) is not None) is retried


@pytest.mark.parametrize(("attempt", "follows"), [(1, True), (3, True), (4, False)])
def test_max_retries_counts_attempts_after_the_first(attempt: int, follows: bool) -> None:
    assert (delay(attempt_number=attempt) is not None) is follows


def test_no_retries_at_all() -> None:
    assert delay(policy={"max_retries": 0}) is None


def test_a_final_failure_is_not_retried() -> None:
    assert delay(final=True) is None


@pytest.mark.parametrize("trigger", Trigger)
def test_a_replay_is_one_attempt(trigger: Trigger) -> None:
    assert (delay(trigger=trigger) is None) is (trigger is Trigger.REPLAY)


@pytest.mark.parametrize(("late", "follows"), [(0, True), (57, True), (57.001, False), (60, False)])
def test_no_attempt_starts_beyond_max_age(late: float, follows: bool) -> None:
    """max_age is measured from scheduled_time to the start of the next attempt, 3 s after the end of this one."""
    found = delay(ended_at=NOON + timedelta(seconds=late), policy={"max_age": 60})
    assert (found is not None) is follows


@pytest.mark.parametrize("raw", [None, {}, {"max_retries": None}, {"max_retries": "many"}, ["no object"]])
def test_a_row_without_a_policy_or_with_nonsense_has_the_default(raw: Any) -> None:
    assert policy_from(raw) == DEFAULT_POLICY


@pytest.mark.parametrize(
    "raw",
    [
        {"max_backoff": 1e300, "backoff_factor": 1e300},
        {"jitter": 1e300},
        {"max_age": 1e300},
        {"backoff_factor": -2},
        {"max_retries": 10**6},
    ],
    ids=str,
)
def test_a_row_beyond_the_bounds_has_the_default_and_a_delay(raw: dict[str, Any]) -> None:
    """Such a delay is no timedelta: the error would end the recorder, and with it every attempt of its worker."""
    policy = policy_from(raw)
    assert policy == DEFAULT_POLICY
    assert delay(1, policy=msgspec.structs.asdict(policy)) == 3


def test_missing_members_take_their_defaults() -> None:
    assert policy_from({"max_retries": 7, "jitter": None}) == RetryPolicy(max_retries=7)
