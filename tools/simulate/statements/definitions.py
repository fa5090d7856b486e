"""Definitions of jobs for the stories: all kinds of schedules, and all policies."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

_SCHEDULES: tuple[dict[str, Any], ...] = (
    {"schedule": "@every 10s"},
    {"schedule": "@every 10s"},
    {"schedule": "@every 40s"},
    {"schedule": "* * * * *"},
    {"schedule": "*/30 * * * * *"},
    {"schedule": "*/30 0,59 1-3 * * *", "timezone": "Europe/Berlin"},
    {"schedule": "manual"},
    {"schedule": "immediate"},
)


def _policies(draw: random.Random) -> dict[str, Any]:
    return {
        "overlap_policy": draw.choice(["skip", "allow", "queue_one", "cancel_running"]),
        "misfire_policy": draw.choice(["skip", "run_once", "run_all"]),
        "misfire_grace_seconds": draw.choice([1, 30, 60]),
        "retry_policy": {"max_retries": draw.choice([0, 1, 2]), "backoff_factor": 1},
    }


def a_definition(draw: random.Random, now: datetime) -> dict[str, Any]:
    """The body of a request for a job."""
    schedule = dict(draw.choice(_SCHEDULES))
    if "timezone" in schedule:
        schedule |= {"dst_gap": draw.choice(["shift", "skip"]), "dst_overlap": draw.choice(["first", "both"])}
    if draw.random() < 0.2:
        schedule = {"schedule": (now + timedelta(seconds=draw.choice([1, 10, 30]))).isoformat().replace("+00:00", "Z")}
    body = {"job_name": "a story", "job_type": "script", "payload": {"script": "true"}} | schedule | _policies(draw)
    if "@" in schedule["schedule"] or "*" in schedule["schedule"]:
        body |= draw.choice([{}, {}, {"max_runs": draw.choice([1, 2, 3])}, {"jitter_seconds": 5}, _window(draw, now)])
    return body


def _window(draw: random.Random, now: datetime) -> dict[str, Any]:
    begin = now + timedelta(seconds=draw.choice([5, 10, 20]))
    end = begin + timedelta(seconds=draw.choice([30, 60, 200]))
    return {"start_at": begin.isoformat(), "end_at": end.isoformat()}


def a_patch(draw: random.Random) -> dict[str, Any]:
    """The body of an edit."""
    patch: dict[str, Any] = draw.choice(
        [
            _policies(draw), {"payload": {"script": "false"}}, {"max_runs": 2}, {"max_runs": None},
            {"schedule": "@every 20s"}, {"schedule": "@every 10s"}, {"schedule": "manual"}, {"priority": draw.choice([3, 7])}, {"priority": draw.choice([1, 9])},
        ]
    )  # fmt: skip
    return patch


def a_set(draw: random.Random, now: datetime) -> list[dict[str, Any]]:
    """The jobs of a set, of two that it may have."""
    keys = draw.sample(("first", "second"), draw.choice([1, 2, 2]))
    return [a_definition(draw, now) | {"job_key": key} for key in keys]
