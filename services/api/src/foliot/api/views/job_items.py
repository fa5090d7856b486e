"""Jobs in a list: each with the members that the request asks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from foliot.api.queries.jobs import SeenJob
from foliot.api.views.job import SHOWN_FIELDS, JobMembers, members_of
from foliot.api.web.auth import Principal

LISTED_FIELDS = frozenset(SHOWN_FIELDS) - {"payload"}
"""Those of a job in a list that does not say which ones it wants."""

if TYPE_CHECKING:
    JobItem = Any
else:
    JobItem = msgspec.defstruct(
        "JobItem",
        [(field.name, field.type | msgspec.UnsetType, msgspec.UNSET) for field in msgspec.structs.fields(JobMembers)],
        namespace={"__doc__": "A job in a list: the members that `fields` names, by default all but `payload`."},
        frozen=True,
        kw_only=True,
    )


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of jobs. It may hold fewer than `limit` and still have a next one."""

    items: list[JobItem]
    next_cursor: str | None


def listed(job: SeenJob, principal: Principal, wanted: Collection[str]) -> JobItem:
    members = members_of(job, principal)
    return JobItem(**{name: members[name] for name in wanted})
