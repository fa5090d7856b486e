"""Read-only members: those of an answer that no caller sets. An answer can be sent back with them in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from foliot.common.errors import FieldError, Invalid

READ_ONLY_FIELDS = (
    "job_id", "user_id", "team_id", "next_run_time", "last_run_time", "status", "version", "runs_planned", "created_at",
    "updated_at", "deleted_at", "paused", "set", "last_status", "retry_delays", "warnings",
)  # fmt: skip
_STEPS = {"status": "/pause, /resume and /cancel below the job's path change it"}


def refused_at_creation(names: Iterable[str]) -> list[FieldError]:
    """One error for all of them: a job that is sent back has nearly every one."""
    found = [name for name in READ_ONLY_FIELDS if name in names]
    return [FieldError(found[0], f"read-only, leave it out: {', '.join(found)}")] if found else []


def without_read_only(patch: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The patch without read-only members that have their `present` value. `warnings` is never compared: it tells of
    the workers, not of the job. Raises Invalid for any other value."""
    errors = [
        FieldError(name, f"read-only: {_STEPS.get(name, 'leave it out')}")
        for name in READ_ONLY_FIELDS
        if name in patch and name in present and patch[name] != present[name]
    ]
    if errors:
        raise Invalid(errors)
    return {name: value for name, value in patch.items() if name not in READ_ONLY_FIELDS}
