"""A job as the API shows it."""

from __future__ import annotations

from typing import Any

from foliot.api.web.auth import Principal, Role
from foliot.common.ledger.job import HIDDEN_JOB_FIELDS, Job
from foliot.common.model.hidden import without_secrets


def shown(job: Job, principal: Principal) -> dict[str, Any]:
    """Values that look secret are for those alone who may change the job."""
    members = {name: getattr(job, name) for name in job.__struct_fields__ if name not in HIDDEN_JOB_FIELDS}
    if principal.role < Role.OPERATOR:
        members["payload"] = without_secrets(job.payload)
    return members
