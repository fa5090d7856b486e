"""Log events of a scheduler."""

from foliot.common.process.events import Events

EVENTS = Events()

JOB_SCHEDULED = EVENTS.declare(
    "job_scheduled",
    "INFO",
    "A tick became a run: one line a run.",
    "job_id execution_id scheduled_time next_run_time user_id team_id request_id trace_id",
)
LEADER_ELECTED = EVENTS.declare("leader_elected", "INFO", "This process took the term.", "term")
LEADER_RESIGNED = EVENTS.declare(
    "leader_resigned",
    "INFO WARNING",
    "The duties of the term have ended: as asked, or because of an error.",
    "term error",
)
LEADER_UNCONFIRMED = EVENTS.declare(
    "leader_unconfirmed",
    "WARNING",
    "ZooKeeper does not confirm the leader; it goes on under the fence of PostgreSQL, failover is off.",
    "term",
)
ZOOKEEPER_AWAY = EVENTS.declare(
    "zookeeper_away", "WARNING", "No candidacy: ZooKeeper is away, or PostgreSQL did not take the term.", "error term"
)
ZOOKEEPER_REFUSED = EVENTS.declare(
    "zookeeper_refused",
    "ERROR",
    "No candidacy: the nodes in ZooKeeper belong to another password than this scheduler's.",
    "error term remedy",
)
ZOOKEEPER_OPEN = EVENTS.declare(
    "zookeeper_open",
    "WARNING",
    "No password is set: whoever reaches ZooKeeper can depose the leader. One line at the start.",
    "remedy",
)
LEADER_NODE_REPLACED = EVENTS.declare(
    "leader_node_replaced",
    "ERROR",
    "A node without a session stood in the leader's place, which no scheduler makes; it was removed.",
    "term",
)
NOTHING_PLANNED = EVENTS.declare(
    "nothing_planned",
    "ERROR",
    "No scheduler has planned for three session timeouts; this one is not ready. One line until one plans again.",
    "seconds",
)
CLOCK_JUMPED = EVENTS.declare(
    "clock_jumped",
    "ERROR",
    "PostgreSQL's clock jumped against the clock of this machine, which never does; negative: it went back.",
    "seconds",
)
LISTEN_LOST = EVENTS.declare(
    "listen_lost", "WARNING", "The connection that hears of new work was lost; polling finds it too.", "error"
)
JOB_UNPLANNABLE = EVENTS.declare(
    "job_unplannable",
    "ERROR",
    "A job cannot be planned (no next tick, a row that PostgreSQL refuses, years overdue); it is FAILED.",
    "job_id error",
)
MESSAGES_LOST = EVENTS.declare(
    "messages_lost", "WARNING", "Messages that the broker lost are sent again.", "pool priority count"
)
QUEUE_REBUILT = EVENTS.declare(
    "queue_rebuilt", "ERROR", "A queue confirmed nothing any more and was deleted and declared again.", "queue"
)
ATTEMPT_RESCUED = EVENTS.declare(
    "attempt_rescued",
    "WARNING",
    "A worker was lost with this attempt; retry_at is there if another one follows.",
    "job_id execution_id attempt_number worker_id retry_at request_id trace_id",
)
ROWS_EXPIRED = EVENTS.declare(
    "rows_expired", "INFO", "Rows whose time had passed were removed (open dead letters: closed).", "table count"
)
MONTH_EXPIRED = EVENTS.declare("month_expired", "INFO", "A month of history was dropped.", "month")
MONTH_OPEN = EVENTS.declare(
    "month_open", "WARNING", "A closed month holds open executions and is not dropped before they end.", "month"
)
MONTHS_KEPT = EVENTS.declare(
    "months_kept",
    "WARNING",
    "Months are not expired, because the URL of the maintenance role is not set: one line a term.",
    "remedy",
)
TZDATA_CHANGED = EVENTS.declare(
    "tzdata_changed",
    "INFO",
    "This leader has another tzdata than the last one; next ticks were computed again.",
    "former tzdata moved",
)
JOB_MOVED = EVENTS.declare(
    "job_moved", "INFO", "The new tzdata moved a job's next tick.", "job_id former next_run_time"
)
PAUSE_ENDED = EVENTS.declare(
    "pause_ended", "INFO", "A job was resumed because its pause was to last until now.", "job_id next_run_time"
)
PARTITIONS_MADE = EVENTS.declare(
    "partitions_made", "INFO", "Months of a partitioned table were made ahead.", "table made"
)
