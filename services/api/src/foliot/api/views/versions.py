"""GET /v1/jobs/{job_id}/versions: every definition of a job, who made it, and what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import orjson

from foliot.api.jobs.differences import differences, value_at
from foliot.api.queries.bounds import LAST_ID
from foliot.api.queries.unit import Unit
from foliot.api.queries.versions import VersionRow
from foliot.api.web.auth import Principal, Role
from foliot.api.web.pages import PageQuery, cursor, place_of
from foliot.common.errors import FieldError, Invalid
from foliot.common.model.hidden import without_secrets

PAGE_BYTES = 4 * 1024 * 1024
"""Definitions of one page: a page with more of them is cut short. One may have a megabyte."""
_PART = 8
"""Versions that one statement reads."""
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class VersionQuery(PageQuery, frozen=True, kw_only=True):
    """The parameters of a list of versions."""

    version: Number | None = None
    against: Number | None = None


if TYPE_CHECKING:
    Difference = Any
else:  # `from` is a word of Python
    Difference = msgspec.defstruct(
        "Difference",
        [("field", str), *((name, Any | msgspec.UnsetType, msgspec.UNSET) for name in ("from", "to"))],
        namespace={
            "__doc__": "A member of the definition that another version has otherwise. A side that lacks the member is "
            "left out."
        },
        frozen=True,
        kw_only=True,
    )


class JobVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A definition that a job had, and who made it; null: before this was written down."""

    version: int
    changed_at: datetime
    user_id: int | None
    key_id: int | None
    key_name: str | None
    definition: dict[str, Any]
    changes: list[Difference] | None


class JobVersionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions. It may hold fewer than `limit` and still have a next one."""

    items: list[JobVersionView]
    next_cursor: str | None


async def version_list(unit: Unit, job_id: int, query: VersionQuery, principal: Principal) -> JobVersionList:
    """Raises Invalid for a version to compare with that does not exist."""
    against = await _against(unit, job_id, query.against)
    rows, more = await _rows(unit, job_id, query)
    shown = rows[:-1] if more else rows
    if query.version is not None:
        shown, more = [row for row in rows if row.version == query.version], False
    olders: list[VersionRow | None] = [*rows[1:], None]
    items = [
        _shown(row, older if against is None else against, principal) for row, older in zip(shown, olders, strict=False)
    ]
    return JobVersionList(items=items, next_cursor=cursor(shown[-1].version) if more else None)


async def _against(unit: Unit, job_id: int, version: int | None) -> VersionRow | None:
    if version is None:
        return None
    found = await unit.versions.select_version(job_id, version)
    if found is None:
        raise Invalid([FieldError("against", f"the job has no version {version}")])
    return found


async def _rows(unit: Unit, job_id: int, query: VersionQuery) -> tuple[list[VersionRow], bool]:
    """(Versions, True if there are more): then the last one only tells what the one above it changed."""
    (before,) = place_of(query.cursor, int) or (LAST_ID,)
    limit = query.limit
    if query.version is not None:
        before, limit = query.version + 1, 1
    found: list[VersionRow] = []
    size = 0
    while len(found) <= limit and (size < PAGE_BYTES or len(found) < 2):
        wanted = min(_PART, limit + 1 - len(found))
        rows = await unit.versions.list_versions(job_id, found[-1].version if found else before, wanted)
        found += rows
        size += sum(len(orjson.dumps(row.definition)) for row in rows)
        if len(rows) < wanted:
            return found, False
    return found, True


def _shown(row: VersionRow, other: VersionRow | None, principal: Principal) -> JobVersionView:
    """`other`: the version to compare with. Values that look secret are for those alone who may change the job."""
    definition = row.fields
    visible = _visible(definition, principal)
    changes = None
    if other is not None:
        former = other.fields
        seen = _visible(former, principal)
        changes = [
            Difference(**{"field": ".".join(path), "from": value_at(seen, path), "to": value_at(visible, path)})
            for path in differences(former, definition)
        ]
    return JobVersionView(
        version=row.version, changed_at=row.changed_at, user_id=row.user_id, key_id=row.key_id, key_name=row.key_name,
        definition=visible, changes=changes,
    )  # fmt: skip


def _visible(definition: dict[str, Any], principal: Principal) -> dict[str, Any]:
    if principal.role >= Role.OPERATOR or "payload" not in definition:
        return definition
    return definition | {"payload": without_secrets(definition["payload"])}
