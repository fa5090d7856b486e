"""Metrics of a worker."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from foliot.common.model.payloads import PUBLIC

JOBS_EXECUTED = Counter("worker_jobs_executed_total", "Attempts that ended here.", ["worker_id", "status", "job_type"])
JOB_DURATION = Histogram(
    "worker_job_duration_seconds", "From claim to the end of the attempt.", ["job_type"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)  # fmt: skip
HEARTBEAT = Gauge("worker_heartbeat_timestamp", "When PostgreSQL last took this worker's heartbeat, Unix seconds.")
SLOTS = Gauge("worker_slots", "Attempts this worker may run at once.")
RUNNING = Gauge("worker_running", "Attempts that run now.")
HELD = Gauge("worker_held", "Deliveries received and not yet claimed.")
FENCED = Counter("worker_fenced_writes_total", "Results dropped because the attempt was not this worker's any more.")
HANDED_BACK = Counter("worker_handed_back_total", "Deliveries given back because no slot was free in time.")
POISON = Counter("worker_poison_total", "Rows that were set aside because they break a batch.")
UNREADABLE = Counter("worker_unreadable_messages_total", "Messages that are not a dispatch.")

executed = cache(JOBS_EXECUTED.labels)
"""The counter of (worker_id, status, job_type), whose labels are looked up once."""
job_duration = cache(JOB_DURATION.labels)
"""The histogram of a job_type, whose label is looked up once."""
STATUSES = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED")
"""The statuses in which an attempt can end at a worker."""


def initialise(worker_id: str) -> None:
    """Create every series at the start, so that rate() sees the first failure."""
    for job_type in PUBLIC:
        job_duration(job_type)
        for status in STATUSES:
            executed(worker_id, status, job_type)
