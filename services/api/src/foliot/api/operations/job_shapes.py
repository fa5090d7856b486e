"""Shapes of jobs: one Struct a job type, because the type decides which payload a job has; and the merge patch."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from foliot.api.jobs.definition import JobDefinition
from foliot.api.jobs.read_only import READ_ONLY_FIELDS
from foliot.api.jobs.retry_fields import RetryFields
from foliot.common.model.payloads import JOB_TYPES, PUBLIC

Shape = type[msgspec.Struct]
PAYLOADS: Final = tuple(JOB_TYPES[name].payload for name in PUBLIC)
_Ignored = Annotated[Any, msgspec.Meta(description="Read-only: ignored with its present value, refused with another.")]


def patch_of_a_job() -> Shape:
    """A merge patch: every member optional; null takes the default."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(JobDefinition):
        kind = {"retry_policy": RetryFields, "payload": dict[str, Any]}.get(field.name, field.type)
        fields.append((field.name, kind if field.required else kind | None, msgspec.UNSET))
    fields += [(name, _Ignored, msgspec.UNSET) for name in READ_ONLY_FIELDS]
    words = "The members to change. Members left out stay as they are, null takes the default."
    return msgspec.defstruct("JobPatch", fields, namespace={"__doc__": words}, kw_only=True, forbid_unknown_fields=True)


def jobs_by_type(shape: Shape, *, answer: bool) -> list[Shape]:
    """One Struct a job type, in which `payload` has the type's own shape. `job_type` tells them apart."""
    retry = {} if answer else {"retry_policy": RetryFields}
    found = []
    for name, payload in zip(PUBLIC, PAYLOADS, strict=True):
        types = {"payload": payload, **retry}
        fields = [
            (field.name, types.get(field.name, field.type), *_default(field))
            for field in msgspec.structs.fields(shape)
            if field.name != "job_type"
        ]
        title = "".join(part.capitalize() for part in name.split("_"))
        made = msgspec.defstruct(
            f"{'' if answer else 'New'}{title}Job", fields, namespace={"__doc__": f"A job of the type {name}."},
            tag_field="job_type", tag=name, kw_only=True, forbid_unknown_fields=not answer,
        )  # fmt: skip
        found.append(made)
    return found


def _default(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    if field.default_factory is not msgspec.NODEFAULT:
        return (msgspec.field(default_factory=field.default_factory),)
    return () if field.default is msgspec.NODEFAULT else (field.default,)
