"""Metrics of a scheduler. Those that count the whole cluster are exported by the leader only."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

from foliot.common.process.metrics import query_duration

_LAG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Upper bounds of the buckets of the lag, in seconds."""

LAG = Histogram("scheduler_lag_seconds", "From available to held by the broker, of each execution.", buckets=_LAG)
LOCK_ACQUISITION = Histogram(
    "scheduler_lock_acquisition_duration_seconds",
    "From a candidacy that found the lock free to the term in PostgreSQL.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IS_LEADER = Gauge("scheduler_is_leader", "1 while this process performs the leader's duties.")
TERM = Gauge("scheduler_term", "The term this process leads, 0 for a standby.")
CANDIDATE = Gauge("scheduler_candidate", "1 while this process takes part in the election in ZooKeeper.")
CONFIRMED = Gauge("scheduler_leader_confirmed", "1 while ZooKeeper confirms this leader; 0 for a standby too.")
FAILOVERS = Counter("scheduler_failovers_total", "Terms this process has taken.")
UNPLANNED = Gauge(
    "scheduler_unplanned_seconds", "How long no scheduler has planned, as this one knows from PostgreSQL."
)
CLOCK_JUMPS = Counter(
    "scheduler_clock_jump_seconds_total",
    "Seconds by which PostgreSQL's clock jumped against the clock of this machine, which never does.",
    ["direction"],
)
FENCED = Counter("scheduler_fenced_terms_total", "Terms of this process that a newer one ended by its fence.")
RUNS_PLANNED = Counter("scheduler_runs_planned_total", "Ticks that became runs.")
TICKS_SKIPPED = Counter("scheduler_ticks_skipped_total", "Ticks that a policy dropped.", ["reason"])
RESCUED = Counter("scheduler_leases_rescued_total", "Attempts whose worker was lost.")
UNCONFIRMED = Gauge("scheduler_unconfirmed_messages", "Messages handed to the broker that it has not confirmed yet.")
RESENT = Counter("scheduler_dispatches_resent_total", "Messages sent again because nobody confirmed them.")
MESSAGES_LOST = Counter("scheduler_messages_lost_total", "Executions sent again because their message was lost.")
EXPIRED_ROWS = Counter("scheduler_expired_rows_total", "Rows that retention removed.", ["table"])
EXPIRED_MONTHS = Counter("scheduler_expired_months_total", "Months of history that retention dropped.", ["table"])
POISON = Counter("scheduler_poison_total", "Jobs set aside because they cannot be planned.")

for _direction in ("forward", "back"):
    CLOCK_JUMPS.labels(_direction)
for _reason in ("misfire", "overlap", "shadow"):
    TICKS_SKIPPED.labels(_reason)
for _table in ("jobs", "dead_letters_open", "dead_letters", "idempotency_keys", "operations", "leader_terms"):
    EXPIRED_ROWS.labels(_table)
for _table in ("executions", "audit_logs"):
    EXPIRED_MONTHS.labels(_table)
query_duration("select_pending_jobs")


class Cluster(Collector):
    """Gauges of the whole cluster. They are exported while `shown` is set, so that a standby shows no stale values."""

    registry = CollectorRegistry()
    shown = False

    def collect(self) -> Iterable[Metric]:
        return self.registry.collect() if self.shown else ()


CLUSTER = Cluster()
REGISTRY.register(CLUSTER)
_CLUSTER = CLUSTER.registry

QUEUE_DEPTH = Gauge(
    "queue_depth", "Executions that are available and not claimed; open dead letters.", ["queue"], registry=_CLUSTER
)
QUEUE_DEPTH_BY_POOL = Gauge(
    "queue_depth_by_pool", "Executions that are available and not claimed, by pool.", ["pool"], registry=_CLUSTER
)
QUEUE_OLDEST = Gauge(
    "queue_oldest_message_age_seconds", "How long the oldest of them has been waiting.", ["queue"], registry=_CLUSTER
)
QUEUE_OLDEST_BY_CLASS = Gauge(
    "queue_oldest_age_by_class_seconds",
    "How long the oldest execution of a pool and priority class has been waiting to be claimed.",
    ["pool", "class"],
    registry=_CLUSTER,
)
QUEUE_MESSAGES = Gauge(
    "queue_messages", "Messages that wait in RabbitMQ, by its own count.", ["queue"], registry=_CLUSTER
)
OUTBOX = Gauge("scheduler_outbox", "Executions that are available and not handed to the broker.", registry=_CLUSTER)
OLDEST_DUE = Gauge(
    "scheduler_oldest_due_seconds", "How long the most overdue job has been waiting to be planned.", registry=_CLUSTER
)
TABLE_ROWS = Gauge("db_table_rows", "Rows as PostgreSQL estimates them.", ["table"], registry=_CLUSTER)
WORKERS_ALIVE = Gauge("workers_alive", "Worker processes with a heartbeat in PostgreSQL.", registry=_CLUSTER)
REPLICAS = Gauge("pg_replicas_streaming", "Replicas that stream from the primary.", registry=_CLUSTER)
REPLICA_LAG = Gauge(
    "pg_replica_lag_seconds", "How far a replica is behind the primary, in time.", ["replica"], registry=_CLUSTER
)
REPLICA_LAG_BYTES = Gauge(
    "pg_replica_lag_bytes", "How far a replica is behind the primary, in WAL.", ["replica"], registry=_CLUSTER
)
PARTITION_RUNWAY = Gauge(
    "db_partition_runway_seconds",
    "How long the months of a partitioned table last from now.",
    ["table"],
    registry=_CLUSTER,
)
