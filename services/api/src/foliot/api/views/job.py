"""A job as the API shows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from foliot.api.jobs.shown_policy import shown_policy
from foliot.api.queries.jobs import SeenJob
from foliot.api.views.served import Fleet, datasource_of
from foliot.api.web.auth import Principal, Role
from foliot.common.errors import FieldError
from foliot.common.ledger.job import HIDDEN_JOB_FIELDS
from foliot.common.model.hidden import without_secrets

SHOWN_FIELDS = (*(name for name in SeenJob.__struct_fields__ if name not in HIDDEN_JOB_FIELDS), "retry_delays")
"""The members of a job, in a list and alone."""
LISTED_FIELDS = frozenset(SHOWN_FIELDS) - {"payload"}
"""Those of a job in a list that does not say which ones it wants."""


def shown(job: SeenJob, principal: Principal, fields: Collection[str] = SHOWN_FIELDS) -> dict[str, Any]:
    """Those of the members that are in `fields`. Values that look secret are for those alone who may change the job."""
    policy = shown_policy(job.retry_policy, job.job_type)
    made = {"retry_policy": policy.members, "retry_delays": policy.delays}
    if principal.role < Role.OPERATOR:
        made["payload"] = without_secrets(job.payload)
    return {name: made[name] if name in made else getattr(job, name) for name in SHOWN_FIELDS if name in fields}


def shown_alone(job: SeenJob, principal: Principal, fleet: Fleet) -> dict[str, Any]:
    """One job, with `warnings`: what it needs and no worker has."""
    lack = fleet.lacks(job.pool, datasource_of(job.job_type, job.payload))
    return {**shown(job, principal), "warnings": warnings(lack)}


def warnings(lack: FieldError | None) -> list[dict[str, str]]:
    """In the form of the errors of a refusal."""
    return [] if lack is None else [{"field": lack.field, "message": lack.message}]
