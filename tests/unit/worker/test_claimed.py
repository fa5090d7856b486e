"""An attempt as it was claimed: the payload that counts, and the trace that it belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foliot.common.broker.messages import Dispatched
from foliot.common.ledger.claim import ClaimedRow, UnclaimableRow
from foliot.common.model.execution import Handle
from foliot.common.model.retry import retry_delay
from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.worker.claimed import cancelled, claimed_from, traceparent, unclaimable
from foliot.worker.inbox import Held, Parcel
from unit.worker.making import TIME, Delivery, dispatched

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def make_row(**changes: Any) -> ClaimedRow:
    given: dict[str, Any] = {
        "execution_id": 1,
        "scheduled_time": TIME,
        "job_id": 7,
        "attempt_number": 2,
        "trigger": "retry",
        "status": "RUNNING",
        "request_id": "r",
        "traceparent": GIVEN,
        "override": None,
        "lateness": 0.25,
        "begins_in": -0.25,
        "job_type": "script",
        "payload": {"script": "of the job"},
        "retry_policy": {"max_retries": 9},
        "timeout_seconds": 30,
        "user_id": 3,
        "team_id": 4,
        "settles": False,
    }
    return ClaimedRow(**(given | changes))


def make_held() -> Held:
    (run,) = dispatched(1)
    return Held(run, Handle(1, TIME + timedelta(days=1)), Parcel(Delivery(), 1), 0.0, 0)


def test_every_field_comes_from_its_own_place() -> None:
    claimed = claimed_from(make_row(), make_held(), 5)
    assert claimed.handle == Handle(1, TIME)
    assert (claimed.job_id, claimed.user_id, claimed.team_id, claimed.attempt_number) == (7, 3, 4, 2)
    assert (claimed.trigger, claimed.retry_policy.max_retries) == (Trigger.RETRY, 9)
    assert (claimed.lateness, claimed.begins_in, claimed.timeout_seconds) == (0.25, -0.25, 30)
    assert (claimed.request_id, claimed.claim, claimed.settles) == ("r", 5, False)


def test_the_tenant_is_the_team_or_without_one_the_user() -> None:
    assert claimed_from(make_row(), make_held(), 5).tenant == "team 4"
    assert claimed_from(make_row(team_id=None), make_held(), 5).tenant == "user 3"


@pytest.mark.parametrize(
    ("override", "payload"),
    [
        (None, {"script": "of the job"}),
        ({}, {"script": "of the job"}),
        ({"payload": {"script": "of this run"}}, {"script": "of this run"}),
        ({"payload": None}, None),
        ("nonsense", {"script": "of the job"}),
    ],
)
def test_the_payload_of_an_override_takes_the_place_of_the_jobs(override: Any, payload: Any) -> None:
    assert claimed_from(make_row(override=override), make_held(), 5).payload == payload


def test_a_given_trace_goes_on_in_a_span_of_its_own() -> None:
    (run,) = dispatched(1)
    first, second = traceparent(GIVEN, run), traceparent(GIVEN, run)
    assert first[:36] == second[:36] == GIVEN[:36]
    assert len({GIVEN, first, second}) == 3
    assert len(first) == len(GIVEN)
    assert first.endswith("-01")


def test_without_one_the_attempts_of_a_run_share_a_trace_and_two_runs_do_not() -> None:
    first, second = Dispatched(1, 10, 7, 1), Dispatched(2, 10, 7, 2)
    assert traceparent(None, first)[:36] == traceparent(None, second)[:36] == "00-0000000000000007000000000000000a-"
    other = Dispatched(3, 11, 7, 1)
    assert traceparent(None, other)[:36] != traceparent(None, first)[:36]


def test_a_run_before_1970_has_a_trace_of_32_digits() -> None:
    assert traceparent(None, Dispatched(1, -1, 7, 1))[3:36] == f"{7:016x}ffffffffffffffff-"


def test_what_ends_at_its_claim_gets_no_retry() -> None:
    refused = unclaimable(UnclaimableRow(1, 7, TIME, 1, "schedule"), "why")
    ended = cancelled(make_row())
    assert (refused.status, refused.error_message) == (ExecutionStatus.FAILED, "why")
    assert (ended.status, ended.trigger) == (ExecutionStatus.CANCELLED, Trigger.RETRY)
    assert [retry_delay(finished, TIME, 0.0) for finished in (refused, ended)] == [None, None]
