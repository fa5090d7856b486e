"""The body of a preview: the fields of a job that decide when it fires."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from foliot.api.jobs.checks import check_schedule, check_window
from foliot.api.jobs.definition import SECONDS
from foliot.api.web.fields import convert_fields
from foliot.common.errors import Invalid

MAX_COUNT = 100
"""Ticks of one preview: a hundred of the rarest schedule still hold no callback of the event loop for long."""


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after` (now by default) is the time at which the job would be created; `count`: ticks wanted."""

    schedule: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] = "UTC"
    dst_gap: Literal["shift", "skip"] = "shift"
    dst_overlap: Literal["first", "second", "both"] = "first"
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_runs: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    jitter_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400, extra=SECONDS)] = 0
    misfire_grace_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400 * 366, extra=SECONDS)] = 60
    job_name: Annotated[str, msgspec.Meta(max_length=255)] = ""
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)] = 5
    after: datetime | None = None


def decode(body: dict[str, Any]) -> PreviewRequest:
    """Raises Invalid with every wrong field."""
    values, errors = convert_fields(body, PreviewRequest)
    errors += check_window(values) + check_schedule(values)
    if errors:
        raise Invalid(errors)
    return PreviewRequest(**values)
