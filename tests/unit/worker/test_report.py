"""The log line of an attempt."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from foliot.common.model.states import ExecutionStatus
from foliot.worker.ended import Ended
from foliot.worker.executors.attempt import Result
from foliot.worker.report import report_recorded
from unit.worker.making import make_claimed


@pytest.mark.parametrize(("log_error", "expected"), [("22P02", "22P02"), (None, "no value: 'S3cr3t'")])
def test_the_log_says_why_without_the_values_of_the_job(log_error: str | None, expected: str) -> None:
    result = Result(succeeded=False, error_message="no value: 'S3cr3t'", log_error=log_error)
    ended = Ended.of(make_claimed(), ExecutionStatus.FAILED, result, "", 1.0)
    with capture_logs() as lines:
        report_recorded("w", [ended], {ended.execution_id: 5}, {})
    assert [line["error"] for line in lines] == [expected]
