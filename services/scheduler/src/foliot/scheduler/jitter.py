"""Jitter: the delay that spreads the ticks of jobs with jitter_seconds."""

import hashlib
from datetime import UTC, datetime, timedelta

from foliot.common.model.due import DueJob


def jitter_delay(job_key: str, tick: datetime, jitter_seconds: int) -> timedelta:
    """A delay from 0 to `jitter_seconds`, both included, in whole microseconds.

    `job_key` and `tick` (aware) alone decide it, in every process and release, so that a tick's available_at can be
    computed again at any time.
    """
    if jitter_seconds <= 0:
        return timedelta(0)
    text = f"{job_key}\0{tick.astimezone(UTC).isoformat(timespec='microseconds')}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return timedelta(microseconds=int.from_bytes(digest[:8], "big") % (jitter_seconds * 1_000_000 + 1))


def delay_of(job: DueJob, tick: datetime) -> timedelta:
    """The delay of a job's tick, which costs a hash only where there is one."""
    return jitter_delay(str(job.job_id), tick, job.jitter_seconds) if job.jitter_seconds else timedelta()
