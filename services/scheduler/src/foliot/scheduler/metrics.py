"""Metrics of a scheduler; what counts the whole cluster is exported by the leader only."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_LAG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

LAG = Histogram("scheduler_lag_seconds", "From available to held by the broker.", buckets=_LAG)
LOCK_ACQUISITION = Histogram(
    "scheduler_lock_acquisition_duration_seconds",
    "From the start of a candidacy that could win to the term in PostgreSQL.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IS_LEADER = Gauge("scheduler_is_leader", "1 while this process performs the leader's duties.")
TERM = Gauge("scheduler_term", "The term this process leads, 0 for a standby.")
CONFIRMED = Gauge("scheduler_leader_confirmed", "1 while ZooKeeper confirms the leader; 0: failover is off.")
RUNS_PLANNED = Counter("scheduler_runs_planned_total", "Ticks that became runs.")
TICKS_SKIPPED = Counter("scheduler_ticks_skipped_total", "Ticks that a policy dropped.", ["reason"])
RESCUED = Counter("scheduler_leases_rescued_total", "Attempts whose worker was lost.")
RESENT = Counter("scheduler_dispatches_resent_total", "Messages sent again because nobody confirmed them.")
LOST = Counter("scheduler_messages_lost_total", "Executions sent again because their message was lost.")
EXPIRED_ROWS = Counter("scheduler_expired_rows_total", "Rows that retention removed.", ["table"])
EXPIRED_MONTHS = Counter("scheduler_expired_months_total", "Months of history that retention dropped.", ["table"])
POISON = Counter("scheduler_poison_total", "Rows that were set aside because they break a batch.")

QUEUE_DEPTH = Gauge("queue_depth", "Executions that are available and not claimed; open dead letters.", ["queue"])
QUEUE_DEPTH_BY_POOL = Gauge("queue_depth_by_pool", "Executions that are available and not claimed, by pool.", ["pool"])
QUEUE_OLDEST = Gauge("queue_oldest_message_age_seconds", "How long the oldest of them has been waiting.", ["queue"])
TABLE_ROWS = Gauge("db_table_rows", "Rows as the server estimates them.", ["table"])
WORKERS_ALIVE = Gauge("workers_alive", "Worker processes with a heartbeat.")

for _reason in ("misfire", "overlap"):
    TICKS_SKIPPED.labels(_reason)
