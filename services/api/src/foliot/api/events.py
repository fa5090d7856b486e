"""Log events of the API."""

from foliot.common.process.events import Events

EVENTS = Events()

CHANGED = EVENTS.declare(
    "changed",
    "INFO",
    "Somebody changed something: one line a change.",
    "action user_id team_id key_id job_id execution_id api_key_id operation_id request_id trace_id",
)
REQUEST_FAILED = EVENTS.declare(
    "request_failed",
    "ERROR",
    "An answer of 500: a bug. `path` is the route, `error` the traceback without the error's text.",
    "method path request_id error",
)
REQUEST_REFUSED = EVENTS.declare(
    "request_refused",
    "INFO",
    "What came over a connection is no request that can be read; `error` says what of it, and repeats nothing.",
    "request_id error",
)
OPERATION_FAILED = EVENTS.declare(
    "operation_failed",
    "ERROR",
    "A chunk of a bulk change failed: a bug. The operation is STOPPED; `error` is the type of the error.",
    "operation_id error",
)
DEPENDENCY_AWAY = EVENTS.declare(
    "dependency_away", "WARNING", "An answer of 503: a server that is needed is away.", "method path error"
)
