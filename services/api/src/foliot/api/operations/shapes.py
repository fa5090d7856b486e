"""Shapes in the description: JSON Schemas of the Structs that the encoder and the decoder use.

What a request may leave out an answer always has: so a Struct of an answer has no default, and UNSET stands for members
that it may lack. The payload of a job depends on its `job_type`: a job is described as a union of one Struct a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from foliot.api.bulk.request import JobChoice
from foliot.api.jobs.definition import JobDefinition
from foliot.api.operations.job_shapes import PAYLOADS, Shape, jobs_by_type, patch_of_a_job
from foliot.api.operations.meanings import MEANINGS, PARAMETERS
from foliot.api.views.job import JobView

Schema = dict[str, Any]
REF = "#/components/schemas/"
_NAMES = {"JobDefinition": "NewJob", "RetryFields": "NewRetryPolicy"}


def public_name(shape: type) -> str:
    """The name of a Struct's component: that of the class, without what says how it is made."""
    name = shape.__name__.removesuffix("View").removesuffix("Row")
    return _NAMES.get(name, name)


def reference_to(shape: type) -> Schema:
    return {"$ref": REF + public_name(shape)}


def components(asked: Iterable[Shape], answered: Iterable[Shape]) -> dict[str, Schema]:
    """The schemas of all Structs in bodies of requests and of answers, by public name."""
    new, shown = jobs_by_type(JobDefinition, answer=False), jobs_by_type(JobView, answer=True)
    requests = [*(one for one in asked if one is not JobDefinition), *new, patch_of_a_job(), *PAYLOADS]
    answers = [*(one for one in answered if one is not JobView), *shown]
    found = {
        "NewJob": _union(new, "A job to create. `job_type` decides which payload it has."),
        "Job": _union(shown, "A job: its definition, with every default filled in, and its state."),
    }
    for shapes, answer in ((requests, False), (answers, True)):
        _, made = msgspec.json.schema_components(shapes, ref_template=REF + "{name}")
        classes = {one.__name__: one for shape in shapes for one in _inside(inspect.type_info(shape))}
        for name, schema in made.items():
            cls = classes[name]
            if cls not in PAYLOADS or not answer:
                words = PARAMETERS if cls is JobChoice else MEANINGS
                found[public_name(cls)] = _described(schema, cls, words, answer=answer)
    for name in ("JobItem", "RunOverride"):  # which do not say the type
        found[name]["properties"]["payload"]["anyOf"] = [*(reference_to(one) for one in PAYLOADS), {"type": "null"}]
        found[name]["properties"]["payload"].pop("type", None)
    found["BulkRequest"]["properties"]["jobs"]["anyOf"][0]["items"] = reference_to(JobDefinition)
    return {name: _renamed(found[name]) for name in sorted(found)}


def _union(shapes: Sequence[Shape], words: str) -> Schema:
    mapping = {one.__struct_config__.tag: REF + public_name(one) for one in shapes}
    choices = [reference_to(one) for one in shapes]
    return {
        "description": words, "oneOf": choices, "discriminator": {"propertyName": "job_type", "mapping": mapping},
    }  # fmt: skip


def properties_of(shape: Shape) -> dict[str, Schema]:
    """The parameters of a query, each with its schema."""
    _, made = msgspec.json.schema_components([shape], ref_template=REF + "{name}")
    enums = {REF + name: schema for name, schema in made.items() if "enum" in schema}
    found: dict[str, Schema] = _described(made[shape.__name__], shape, PARAMETERS)["properties"]
    return {name: _inlined(schema, enums) for name, schema in found.items()}


def _inlined(schema: Any, enums: dict[str, Schema]) -> Any:
    """Parameters are read in place: nobody looks for a component to learn three words."""
    if isinstance(schema, list):
        return [_inlined(one, enums) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") in enums:
        return {"type": "string", "enum": enums[schema["$ref"]]["enum"]}
    return _typed({name: _inlined(value, enums) for name, value in schema.items()})


def _typed(schema: Schema) -> Schema:
    """Every enum is of texts; msgspec does not say it."""
    return {"type": "string", **schema} if isinstance(schema.get("enum"), list) else schema


def _inside(kind: inspect.Type) -> Iterator[type]:
    """The Structs and enums of a type."""
    left, seen = [kind], set()
    while left:
        one = left.pop()
        if isinstance(one, inspect.Metadata):
            left.append(one.type)
        elif isinstance(one, inspect.UnionType):
            left += one.types
        elif isinstance(one, inspect.ListType | inspect.VarTupleType):
            left.append(one.item_type)
        elif isinstance(one, inspect.DictType):
            left.append(one.value_type)
        elif isinstance(one, inspect.StructType) and one.cls not in seen:
            seen.add(one.cls)
            left += [field.type for field in one.fields]
            yield one.cls
        elif isinstance(one, inspect.EnumType):
            yield one.cls


def _described(schema: Schema, cls: type, words: Mapping[str, str], *, answer: bool = False) -> Schema:
    made = {name: value for name, value in schema.items() if name != "title"}
    made["description"] = re.sub(r"\s+", " ", cls.__doc__ or "").strip()
    if "enum" in made:
        return made
    fields = {field.encode_name: field for field in inspect.type_info(cls).fields}  # type: ignore[attr-defined]
    shown = {name: _property(words.get(name), value, fields.get(name)) for name, value in made["properties"].items()}
    if answer:
        shown = {name: {k: v for k, v in value.items() if k != "default"} for name, value in shown.items()}
        made["required"] = [name for name in shown if name not in fields or not _may_lack(fields[name])]
    return {**made, "properties": shown}


def _may_lack(field: inspect.Field) -> bool:
    """UNSET may stand for it: then it is not required, and has no default."""
    return not field.required and field.default is field.default_factory is msgspec.NODEFAULT


def _property(words: str | None, schema: Schema, field: inspect.Field | None) -> Schema:
    """With its meaning in `words`, and what msgspec leaves out: the format of times."""
    made = dict(schema)
    if field is not None and _is_time(field.type):
        made = _with_format(made)
    return made if words is None or "description" in made else {"description": words, **made}


def _is_time(kind: inspect.Type) -> bool:
    types = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(one, inspect.DateTimeType) for one in types)


def _with_format(schema: Schema) -> Schema:
    if schema.get("type") == "string":
        return {**schema, "format": "date-time"}
    if "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [_with_format(one) for one in schema["anyOf"]]}


def _renamed(schema: Any) -> Any:
    """With the public names of Structs in references."""
    if isinstance(schema, list):
        return [_renamed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {**schema, "$ref": _renamed_reference(schema["$ref"])}
    return _typed({name: value if name == "mapping" else _renamed(value) for name, value in schema.items()})


def _renamed_reference(reference: str) -> str:
    return REF + public_name(type(reference.removeprefix(REF), (), {}))
