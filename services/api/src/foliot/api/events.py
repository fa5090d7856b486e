"""Log events of the API."""

from foliot.common.process.events import Events

EVENTS = Events()

CHANGED = EVENTS.declare(
    "changed",
    "INFO",
    "Somebody changed something: one line a change.",
    "action user_id team_id key_id job_id execution_id api_key_id request_id trace_id",
)
REQUEST_FAILED = EVENTS.declare("request_failed", "ERROR", "An answer of 500: a bug.", "method path error")
DEPENDENCY_AWAY = EVENTS.declare(
    "dependency_away", "WARNING", "An answer of 503: a server that is needed is away.", "method path error"
)
