"""Operations of executions, dead letters and schedules."""

from __future__ import annotations

from foliot.api.handlers.dead_letters import DeadLetterHandlers, DeadLetterList
from foliot.api.handlers.executions import ExecutionHandlers
from foliot.api.handlers.schedules import ScheduleHandlers
from foliot.api.jobs import dead_letters
from foliot.api.jobs.dead_letters import LetterCount, LetterRequest
from foliot.api.preview import request as preview
from foliot.api.preview.answer import Preview
from foliot.api.preview.request import PreviewRequest
from foliot.api.views.execution import ExecutionList, ExecutionView, ExecutionWithLogsView
from foliot.api.views.execution_pages import ExecutionQuery
from foliot.api.views.stored_output import OutputQuery, StoredOutput
from foliot.api.views.waits import WaitQuery
from foliot.api.web.auth import Role
from foliot.api.web.operation import Body, Operation
from foliot.api.web.pages import PageQuery

OPERATIONS = (
    Operation(
        method="GET", path="/v1/executions", id="listExecutions", handler=ExecutionHandlers.page, role=Role.VIEWER,
        summary="List the attempts of all jobs, newest first",
        note="Without job_id of a window of scheduled_time: the last 24 h by default, at most 31 days.",
        query=ExecutionQuery, answers={200: ExecutionList}, headers=("X-Foliot-Staleness",),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution_id}", id="getExecution", handler=ExecutionHandlers.read,
        role=Role.VIEWER, summary="Read an attempt, with its payload and output",
        note="With `wait` the answer comes when this attempt has ended, or after so many seconds.",
        query=WaitQuery, answers={200: ExecutionWithLogsView},
    ),
    Operation(
        method="GET", path="/v1/executions/{execution_id}/logs", id="getExecutionLogs", handler=ExecutionHandlers.logs,
        role=Role.VIEWER, summary="Read the stored output of an attempt from a byte on",
        note="Output is stored when the attempt ends: its first and last part. `?raw` answers it as text/plain.",
        query=OutputQuery, answers={200: StoredOutput}, text=True,
    ),
    Operation(
        method="POST", path="/v1/executions/{execution_id}/cancel", id="cancelExecution",
        handler=ExecutionHandlers.cancel, role=Role.OPERATOR,
        summary="Cancel an attempt",
        note="One that waits is CANCELLED at once, one that runs is stopped within some seconds. No retry follows.",
        answers={202: ExecutionView}, errors=("state",), idempotent=True,
    ),
    Operation(
        method="GET", path="/v1/dead-letters", id="listDeadLetters", handler=DeadLetterHandlers.page, role=Role.VIEWER,
        summary="List the runs that were given up and are open, newest first",
        query=PageQuery, answers={200: DeadLetterList}, headers=("X-Foliot-Staleness",),
    ),
    Operation(
        method="POST", path="/v1/dead-letters/replay", id="replayDeadLetters", handler=DeadLetterHandlers.replay,
        role=Role.OPERATOR, summary="Run dead letters again, one more attempt each",
        note="Give either execution_ids or filter; an empty filter means all. A call takes at most 1,000.",
        body=Body(LetterRequest, dead_letters.decode), answers={200: LetterCount},
        errors=("not_found", "history_expired", "not_replayable"), idempotent=True,
    ),
    Operation(
        method="DELETE", path="/v1/dead-letters", id="discardDeadLetters", handler=DeadLetterHandlers.discard,
        role=Role.OPERATOR, summary="Discard dead letters without another attempt",
        note="Give either execution_ids or filter; an empty filter means all. A call takes at most 1,000.",
        body=Body(LetterRequest, dead_letters.decode), answers={200: LetterCount}, errors=("not_found",),
        idempotent=True,
    ),
    Operation(
        method="POST", path="/v1/schedules/preview", id="previewSchedule", handler=ScheduleHandlers.preview,
        role=Role.VIEWER, summary="The next ticks of a schedule, before it is saved",
        body=Body(PreviewRequest, preview.decode), answers={200: Preview},
    ),
)  # fmt: skip
