"""The body of a bulk request: an action, and the jobs that it is about.

Jobs to store are kept as the bytes that came, and read one by one: a wrong one fails alone, and no callback reads
32 MiB at once. Lines of JSON (ndjson) are taken too: the action first, then a job a line; without an action all lines
are jobs to create, as an export has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import orjson

from foliot.api.queries.bounds import LAST_ID
from foliot.api.views.job_pages import JobQuery
from foliot.api.web.bodies import parse_object
from foliot.api.web.fields import convert_fields
from foliot.api.web.pages import PageQuery
from foliot.common.errors import FieldError, Invalid, Malformed

MAX_CREATED = 1_000
MAX_APPLIED = 50_000
MAX_CHOSEN = 100_000
"""Jobs of one request: to create, of a set, and chosen for an action."""
_NOT_FILTERS = {*PageQuery.__struct_fields__, "fields", "sort"}
_STORING = ("create", "apply")
_Id = Annotated[int, msgspec.Meta(ge=1, le=LAST_ID)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_FIELDS_OF = {
    "create": {"jobs"}, "apply": {"jobs", "set", "prune", "expect", "adopt"},
    "label": {"job_ids", "filter", "labels"},
}  # fmt: skip
"""action -> its fields beside action and dry_run; the other actions have CHOICE."""
_CHOICE = {"job_ids", "filter"}

if TYPE_CHECKING:
    JobChoice = Any
else:
    JobChoice = msgspec.defstruct(
        "JobChoice",
        [(one.name, one.type, None) for one in msgspec.structs.fields(JobQuery) if one.name not in _NOT_FILTERS],
        namespace={"__doc__": "The filters of the list of jobs, which must all fit; {} means all jobs."},
        frozen=True, kw_only=True, forbid_unknown_fields=True,
    )  # fmt: skip


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action on many jobs. pause, resume, run, cancel, delete and label choose them by job_ids or filter."""

    action: Literal["pause", "resume", "run", "cancel", "delete", "label", "create", "apply"]
    job_ids: Annotated[list[_Id], msgspec.Meta(max_length=MAX_CHOSEN)] | None = None
    filter: JobChoice | None = None
    labels: dict[str, str | None] | None = None
    jobs: list[dict[str, Any]] | None = None
    set: _Name | None = None
    prune: Annotated[int, msgspec.Meta(ge=0)] | None = None
    expect: dict[str, str] | None = None
    adopt: bool = False
    dry_run: bool = False


class BulkCall(msgspec.Struct, frozen=True):
    """The request without its jobs, and these as they came."""

    request: BulkRequest
    jobs: list[bytes]


def decode(raw: bytes, *, lines: bool) -> BulkCall:
    """Raises Malformed or Invalid. `lines`: it is ndjson."""
    head, jobs = _of_lines(raw) if lines else _of_object(raw)
    chosen = head.get("filter")
    values, errors = convert_fields(head | {"filter": None} if isinstance(chosen, dict) else head, BulkRequest)
    if isinstance(chosen, dict):
        filters, wrong = convert_fields(chosen, JobChoice, "filter.")
        errors += wrong
        values["filter"] = JobChoice(**filters) if not wrong else None
    errors = errors or _misplaced(values, jobs)
    if errors:
        raise Invalid(errors)
    return BulkCall(BulkRequest(**values), jobs or [])


def _of_object(raw: bytes) -> tuple[dict[str, Any], list[bytes] | None]:
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        parse_object(raw)  # which says what is wrong with it
        raise Malformed("the body is not a JSON object") from None
    jobs = members.pop("jobs", None)
    head = parse_object(b"{%b}" % b",".join(b"%b:%b" % (orjson.dumps(name), one) for name, one in members.items()))
    if jobs is None:
        return head, None
    try:
        return head, [bytes(job) for job in msgspec.json.decode(jobs, type=list[msgspec.Raw])]
    except msgspec.ValidationError:
        raise Invalid([FieldError("jobs", "must be a list of jobs")]) from None


def _of_lines(raw: bytes) -> tuple[dict[str, Any], list[bytes] | None]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if not lines:
        raise Malformed("the body has no line")
    try:
        first = msgspec.json.decode(lines[0], type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        raise Malformed("the first line is not a JSON object") from None
    if "action" not in first:
        return {"action": "create"}, lines
    head = parse_object(lines[0])
    if "jobs" in head:
        raise Invalid([FieldError("jobs", "stand on the lines that follow, one each")])
    return head, lines[1:] if head["action"] in _STORING else None


def _misplaced(values: dict[str, Any], jobs: list[bytes] | None) -> list[FieldError]:
    """Errors in the fields of an action: those that it needs, and those that belong to another."""
    action = values["action"]
    given = {name for name, value in values.items() if value is not None} | ({"jobs"} if jobs is not None else set())
    wanted = _FIELDS_OF.get(action, _CHOICE)
    errors = [
        FieldError(name, f"does not belong to {action}: its fields are {', '.join(sorted(wanted))}")
        for name in sorted(given - wanted - {"action", "dry_run"})
    ]
    if action in _STORING:
        errors += [FieldError(name, "is required") for name in ("jobs", "set") if name in wanted - given]
        most = MAX_CREATED if action == "create" else MAX_APPLIED
        if jobs is not None and len(jobs) > most:
            errors.append(FieldError("jobs", f"at most {most:,} jobs"))
        return errors
    if len(given & _CHOICE) != 1:
        errors.append(FieldError("job_ids", "give either job_ids or filter"))
    if len(set(values.get("job_ids") or ())) < len(values.get("job_ids") or ()):
        errors.append(FieldError("job_ids", "names a job twice"))
    if action == "label" and not values.get("labels"):
        errors.append(FieldError("labels", "is required: the labels to set, null removes one"))
    return errors
