"""Log events of a worker."""

from foliot.common.process.events import Events

EVENTS = Events()

_ATTEMPT = (
    "job_id execution_id attempt_number job_type status user_id team_id worker_id duration error retry_at request_id"
    " trace_id"
)
ATTEMPT_FINISHED = EVENTS.declare(
    "attempt_finished", "INFO", "An attempt succeeded or was cancelled: one line an attempt.", _ATTEMPT
)
ATTEMPT_FAILED = EVENTS.declare(
    "attempt_failed",
    "WARNING ERROR",
    "An attempt failed or timed out: WARNING if another attempt follows, ERROR if none does.",
    _ATTEMPT,
)
ATTEMPT_FENCED = EVENTS.declare(
    "attempt_fenced",
    "WARNING",
    "A result was dropped: the attempt had been taken from this worker.",
    "job_id execution_id",
)
ATTEMPT_UNCLAIMABLE = EVENTS.declare(
    "attempt_unclaimable",
    "ERROR",
    "PostgreSQL refuses to claim this row; it ended as FAILED and the rest went on.",
    "job_id execution_id error",
)
EXECUTOR_FAILED = EVENTS.declare(
    "executor_failed",
    "ERROR",
    "An executor raised an error: a bug. The attempt is FAILED.",
    "job_id execution_id error request_id trace_id",
)
LEASE_LOST = EVENTS.declare(
    "lease_lost", "ERROR", "PostgreSQL was silent for too long; everything that ran was killed.", "running"
)
CLAIM_FAILED = EVENTS.declare(
    "claim_failed", "WARNING", "PostgreSQL was away for a claim; deliveries are held and it is tried again.", "error"
)
RECORD_FAILED = EVENTS.declare(
    "record_failed", "WARNING", "PostgreSQL was away for results; they wait and it is tried again.", "error waiting"
)
HAND_BACK_FAILED = EVENTS.declare(
    "hand_back_failed", "WARNING", "PostgreSQL was away for deliveries that were to go back.", "error held"
)
HANDED_BACK = EVENTS.declare("handed_back", "INFO", "Deliveries that no slot took in time went back.", "count")
MESSAGE_UNREADABLE = EVENTS.declare(
    "message_unreadable", "ERROR", "A message is not a dispatch; it went to dead_letter_queue.", "queue error"
)
SCRIPTS_CONFINED = EVENTS.declare(
    "scripts_confined",
    "INFO WARNING",
    "What holds a script's processes together, at the start: WARNING with its weakness for mode `group`.",
    "mode weakness",
)
SCRIPTS_REFUSED = EVENTS.declare(
    "scripts_refused", "ERROR", "Scripts cannot be run safely here, at the start; such attempts fail.", "error remedy"
)
