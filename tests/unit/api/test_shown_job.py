"""A job in an answer: every column is shown or hidden on purpose, and what is shown is defined by a caller or read-only."""

from __future__ import annotations

from foliot.api.jobs.definition import JobDefinition
from foliot.api.jobs.read_only import READ_ONLY_FIELDS
from foliot.api.queries.history import ExecutionWithLogs
from foliot.api.queries.jobs import SeenJob
from foliot.api.views.execution import ExecutionView, ExecutionWithLogsView
from foliot.api.views.job import SHOWN_FIELDS, JobView
from foliot.common.ledger.job import DEFINITION_FIELDS
from foliot.common.model.execution import Execution

HIDDEN = {"schedule_since", "spread_key", "paused_run_time", "open_since", "request_id", "traceparent"}


def test_every_column_is_shown_or_hidden() -> None:
    assert set(SHOWN_FIELDS) - {"retry_delays"} == set(SeenJob.__struct_fields__) - HIDDEN
    assert set(ExecutionView.__struct_fields__) - {"reason"} == set(Execution.__struct_fields__) - {"datasource"}
    assert set(ExecutionWithLogsView.__struct_fields__) - {"reason"} == set(ExecutionWithLogs.__struct_fields__) - {
        "datasource"
    }


def test_a_member_is_defined_by_a_caller_or_read_only() -> None:
    assert set(JobView.__struct_fields__) == {*DEFINITION_FIELDS, *READ_ONLY_FIELDS}
    assert JobDefinition.__struct_fields__ == DEFINITION_FIELDS
