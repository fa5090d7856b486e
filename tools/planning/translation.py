"""Translation between a story's values, the API's fields and the model's rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from planning.model import Rules


def definition_fields(schedule: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A schedule as the API takes it; `once` is in seconds from now."""
    if "once" not in schedule:
        return dict(schedule)
    at = now.replace(microsecond=0) + timedelta(seconds=schedule["once"])
    return {"schedule": at.isoformat().replace("+00:00", "Z")}


def window_fields(window: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A window as the API takes it; the story gives times in seconds from now."""
    at = now.replace(microsecond=0)
    return {
        name: (at + timedelta(seconds=value)).isoformat() if name.endswith("_at") else value
        for name, value in window.items()
    }


def rules_of(job: dict[str, Any], since: datetime) -> Rules:
    """The API's answer as the model's rules. `since`: the time at which its schedule was set."""
    text = job["schedule"]
    every = once = cron = None
    if text.startswith("@every"):
        number, unit = int(text.split()[1][:-1]), text[-1]
        every = number * {"s": 1, "m": 60}[unit]
    elif text == "immediate":
        once = since
    elif text[:4].isdigit() and text[4] == "-":
        once = datetime.fromisoformat(text)
    else:
        cron = text
    times = {name: job[name] and datetime.fromisoformat(job[name]) for name in ("start_at", "end_at")}
    return Rules(
        every=every, cron=cron, once=once, zone=job["timezone"], dst_gap=job["dst_gap"],
        dst_overlap=job["dst_overlap"], anchor=since,
        max_runs=job["max_runs"], overlap=job["overlap_policy"], misfire=job["misfire_policy"],
        grace=job["misfire_grace_seconds"], limit=job["misfire_limit"], shadow=job["shadow"],
        **times,
    )  # fmt: skip


def edited_rules(job: dict[str, Any], former: Rules, *, scheduled: bool) -> Rules:
    """The rules after an edit: another schedule counts from its edit on, the same one from where it did."""
    kept = rules_of(job, former.anchor)
    same = (kept.every, kept.cron, kept.once) == (former.every, former.cron, former.once)
    return rules_of(job, datetime.fromisoformat(job["updated_at"])) if scheduled and not same else kept
