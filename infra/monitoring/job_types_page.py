"""docs/job-types.md: each job type and the fields of its payload, made of the table in foliot.common.model.payloads."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from foliot.common.model.payloads import JOB_TYPES, PUBLIC
from foliot.common.model.payloads.job_type import JobType

HEAD = """# Job types

The `job_type` of a job names the rules of its `payload`. This page is made from the code by `make docs-job-types`.
"""
_NAMES = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    types.NoneType: "null",
    Any: "any JSON",
}


def job_types_page() -> str:
    return HEAD + "".join(_section(JOB_TYPES[name]) for name in PUBLIC)


def _section(job_type: JobType) -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(job_type.payload))
    table = f"| field of `payload` | type | default | meaning |\n|---|---|---|---|\n{rows}"
    return f"\n## {job_type.name}\n{job_type.does} It succeeds when {job_type.succeeds}.\n\n{table}"


def _rows(payload: type[msgspec.Struct]) -> Iterator[tuple[str, str, str, str]]:
    hints = typing.get_type_hints(payload, include_extras=True)
    for field in msgspec.structs.fields(payload):
        hint, description = hints[field.name], ""
        if typing.get_origin(hint) is typing.Annotated:
            hint, *metas = typing.get_args(hint)
            description = "; ".join(_meaning(meta) for meta in metas if isinstance(meta, msgspec.Meta))
        default = "required" if field.required else f"`{msgspec.json.encode(_default(field)).decode()}`"
        yield f"`{field.name}`", _type(hint), default, description


def _meaning(meta: msgspec.Meta) -> str:
    """The description, and the limits of its JSON Schema in words."""
    limits = [_limit(name, value) for name, value in (meta.extra_json_schema or {}).items()]
    return f"{meta.description} ({'; '.join(limits)})" if limits else str(meta.description)


def _limit(name: str, value: Any) -> str:
    if name == "enum":
        return ", ".join(value)
    if name == "pattern":
        return f"`{value}`"
    least, most = name.startswith("min"), name.startswith("max")
    return f"{'at least' if least else 'at most' if most else name} {value:,}"


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _type(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return "list of texts" if typing.get_args(hint)[0] is str else "list of any JSON"
    if origin is dict:
        return "object of texts"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(option) for option in typing.get_args(hint))
    return _NAMES.get(hint, str(hint))
