"""A job as the API shows it."""

from __future__ import annotations

from typing import Any

from foliot.common.ledger.job import HIDDEN_JOB_FIELDS, Job


def shown(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in job.__struct_fields__ if name not in HIDDEN_JOB_FIELDS}
