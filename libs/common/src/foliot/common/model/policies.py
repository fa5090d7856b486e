"""The policies of a job for overlap and misfire, and the reasons of SKIPPED rows. docs/schedules.md has the rules."""

from __future__ import annotations

from enum import StrEnum


class OverlapPolicy(StrEnum):
    """The fate of a tick while an earlier run of its job is unfinished."""

    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    ALLOW = "allow"
    CANCEL_RUNNING = "cancel_running"


class MisfirePolicy(StrEnum):
    """The fate of ticks that are late by more than the grace."""

    SKIP = "skip"
    RUN_ONCE = "run_once"
    RUN_ALL = "run_all"


class SkipReason(StrEnum):
    """The reason why a tick was dropped: the `error_message` of its SKIPPED row."""

    MISFIRE = "misfire"
    OVERLAP = "overlap"
    EDITED = "edited"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SHADOW = "shadow"
