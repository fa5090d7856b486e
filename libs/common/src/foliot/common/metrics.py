"""Metrics that every service has; each service's own stand in its metrics.py."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram

DB_QUERY_DURATION = Histogram(
    "db_query_duration_seconds",
    "Time of one statement as the service saw it, by the statement's name.",
    ["query"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DB_POOL_ACTIVE = Gauge("db_connection_pool_active", "Connections in use, by pool.", ["pool"])
DB_POOL_IDLE = Gauge("db_connection_pool_idle", "Open connections that wait to be used, by pool.", ["pool"])
JOBS_PROCESSED = Counter(
    "scheduler_jobs_processed_total",
    "Runs whose last attempt has ended, by the process that committed it.",
    ["status"],
)
EVENT_LOOP_LAG = Gauge("event_loop_lag_seconds", "How late the last tick of the process's event loop was.")
BUILD_INFO = Gauge("foliot_build_info", "Always 1; what this process was built from.", ["version", "tzdata"])


for _status in ("success", "failed"):
    JOBS_PROCESSED.labels(_status)


class CountsConnections(Protocol):
    def counts(self) -> tuple[int, int]: ...


_observers: dict[str, Histogram] = {}


def observe_query(name: str, seconds: float) -> None:
    observer = _observers.get(name)
    if observer is None:
        observer = _observers[name] = DB_QUERY_DURATION.labels(name)
    observer.observe(seconds)


def watch_pool(name: str, pool: CountsConnections) -> None:
    DB_POOL_ACTIVE.labels(name).set_function(lambda: float(pool.counts()[0]))
    DB_POOL_IDLE.labels(name).set_function(lambda: float(pool.counts()[1]))


def forget_pool(name: str) -> None:
    DB_POOL_ACTIVE.remove(name)
    DB_POOL_IDLE.remove(name)
