"""The end of an attempt: plain or not, in a form that PostgreSQL can store, and as `conclude` takes it."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.common.model.states import ExecutionStatus, Trigger
from foliot.worker.ended import Ended
from foliot.worker.executors.attempt import Result
from unit.worker.making import TIME, make_claimed

FAILED = Result(succeeded=False, error_message="why", exit_code=3, http_status=503, retry_after=7.0, final=True)


def make_ended(
    status: ExecutionStatus = ExecutionStatus.COMPLETED, result: Result | None = None, logs: str = "", **claimed: Any
) -> Ended:
    return Ended.of(make_claimed(**claimed), status, result or Result(succeeded=True), logs, 12.5)


@pytest.mark.parametrize(
    ("ended", "plain"),
    [
        (make_ended(), True),
        (make_ended(trigger=Trigger.MANUAL), True),
        (make_ended(settles=True), False),
        (make_ended(trigger=Trigger.REPLAY), False),
        (make_ended(ExecutionStatus.CANCELLED), False),
        (make_ended(ExecutionStatus.FAILED, FAILED), False),
    ],
)
def test_plain_is_a_success_after_which_nothing_follows(ended: Ended, plain: bool) -> None:
    assert ended.is_plain is plain


def test_it_is_the_outcome_with_the_key_of_its_attempt() -> None:
    ended = make_ended(ExecutionStatus.FAILED, FAILED, "log", execution_id=9)
    assert (ended.execution_id, ended.scheduled_time, ended.status, ended.at) == (9, TIME, "FAILED", 12.5)
    assert (ended.exit_code, ended.http_status, ended.error_message, ended.logs) == (3, 503, "why", "log")


def test_a_message_is_cut_and_has_no_nul() -> None:
    ended = make_ended(ExecutionStatus.FAILED, Result(succeeded=False, error_message="a\0" + "b" * 9_000))
    assert ended.error_message == "a\ufffd" + "b" * 3_998
    assert make_ended().logs is None


def test_a_result_that_cannot_be_stored_ends_as_failed_without_it() -> None:
    ended = make_ended(ExecutionStatus.COMPLETED, FAILED, "log", execution_id=9).without_result(ValueError("secret"))
    assert (ended.execution_id, ended.status, ended.claimed.execution_id) == (9, "FAILED", 9)
    assert (ended.exit_code, ended.http_status, ended.logs, ended.retry_after) == (None, None, None, None)
    assert ended.error_message == "the result could not be stored: ValueError"
    assert (ended.at, ended.final) == (12.5, True)


def test_conclude_gets_all_that_decides_about_a_retry() -> None:
    finished = make_ended(ExecutionStatus.FAILED, FAILED, execution_id=9, attempt_number=4).finished()
    assert (finished.execution_id, finished.job_id, finished.scheduled_time) == (9, 7, TIME)
    assert (finished.attempt_number, finished.status, finished.trigger) == (4, ExecutionStatus.FAILED, Trigger.SCHEDULE)
    assert (finished.error_message, finished.final, finished.retry_after) == ("why", True, 7.0)
