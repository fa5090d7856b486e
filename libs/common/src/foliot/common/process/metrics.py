"""Metrics of every service; each service has its own in its metrics.py. docs/metrics.md is generated from them."""

from __future__ import annotations

from collections import Counter as Tally
from functools import cache
from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, for the time when a counter was made

DB_QUERY_DURATION = Histogram(
    "db_query_duration_seconds",
    "Time of one statement as the service saw it, by the statement's name.",
    ["query"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DB_POOL_ACTIVE = Gauge("db_connection_pool_active", "PostgreSQL connections in use, by connection pool.", ["pool"])
DB_POOL_IDLE = Gauge(
    "db_connection_pool_idle", "Open PostgreSQL connections that wait to be used, by connection pool.", ["pool"]
)
DB_UNAVAILABLE = Counter(
    "db_unavailable_total",
    "Units of work that failed: PostgreSQL was away, busy (a timeout or a lock), without room, or rolled them back.",
    ["reason"],
)
JOBS_PROCESSED = Counter(
    "scheduler_jobs_processed_total",
    "Runs whose last attempt has ended, by the process that committed it: read the sum over all processes.",
    ["status"],
)
RETRIES = Counter("job_retries_total", "Attempts that followed a failed one, by the reason of the failure.", ["reason"])
DEAD_LETTERS = Counter("dead_letters_total", "Runs given up, by the reason why their last attempt ended.", ["reason"])
RABBITMQ_CONNECTED = Gauge("rabbitmq_connected", "1 while this link to RabbitMQ is open.", ["link"])
DUTY_STEP = Histogram("duty_step_seconds", "Time of one step of a repeating duty.", ["duty"])
DUTY_FAILURES = Counter("duty_failures_total", "Steps of a repeating duty that failed.", ["duty"])
EVENT_LOOP_LAG = Histogram(
    "event_loop_lag_seconds",
    "How late the event loop woke a task that slept for 250 ms.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BUILD_INFO = Gauge(
    "foliot_build_info",
    "Always 1; the labels are the versions of this process and of its tzdata.",
    ["version", "tzdata"],
)

REASONS = ("failed", "timeout", "worker_lost")
for _status in ("success", "failed"):
    JOBS_PROCESSED.labels(_status)
for _reason in ("away", "busy", "disk_full", "rolled_back"):
    DB_UNAVAILABLE.labels(_reason)
for _reason in REASONS:
    RETRIES.labels(_reason)
    DEAD_LETTERS.labels(_reason)


class CountsConnections(Protocol):
    """A connection pool; `counts` returns its connections (active, idle)."""

    def counts(self) -> tuple[int, int]: ...


query_duration = cache(DB_QUERY_DURATION.labels)
"""The histogram of one statement, remembered: looking labels up costs more than observing."""


def observe_query(name: str, seconds: float) -> None:
    query_duration(name).observe(seconds)


def count(counter: Counter, label_values: list[str]) -> None:
    """Count each value as one event of a counter with one label."""
    for value, times in Tally(label_values).items():
        counter.labels(value).inc(times)


def watch_pool(name: str, pool: CountsConnections) -> None:
    """Export a connection pool until it is forgotten."""
    DB_POOL_ACTIVE.labels(name).set_function(lambda: float(pool.counts()[0]))
    DB_POOL_IDLE.labels(name).set_function(lambda: float(pool.counts()[1]))


def forget_pool(name: str) -> None:
    DB_POOL_ACTIVE.remove(name)
    DB_POOL_IDLE.remove(name)
