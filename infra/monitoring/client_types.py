"""libs/client/src/foliot/client/types.py: the Structs of the client, made of the description of the API."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_HEAD = '''"""Bodies and answers of the API. Written by `make openapi` from the description: do not edit.

A member that may be missing is UNSET. Of texts with known values a type checker sees these; at run time any text
passes, because a newer server may know more of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
'''
_PLAIN = {"integer": "int", "number": "float", "boolean": "bool", "string": "str", "null": "None"}


def types_module(document: Schema) -> str:
    schemas: dict[str, Schema] = document["components"]["schemas"]
    aliases = {name: schema["enum"] for name, schema in schemas.items() if _is_text(schema)}
    structs = [
        _struct(name, schema, _tag(name, schemas), aliases)
        for name, schema in schemas.items()
        if "properties" in schema
    ]
    others = [
        f"{name} = {_union(schema, aliases)}"
        for name, schema in schemas.items()
        if "properties" not in schema and not _is_text(schema)
    ]
    return "\n".join([_HEAD, *_aliases(aliases), "", *structs, "", *others, ""])


def _is_text(schema: Schema) -> bool:
    """A text with known values."""
    return "enum" in schema and all(isinstance(one, str) for one in schema["enum"])


def _union(schema: Schema, aliases: dict[str, list[str]]) -> str:
    """Of Structs that a member tells apart, or whatever else has a name."""
    if "discriminator" not in schema:
        return _kind(schema, "", aliases)
    return " | ".join(one["$ref"].rpartition("/")[2] for one in schema["oneOf"])


def _tag(name: str, schemas: dict[str, Schema]) -> tuple[str, str] | None:
    """What tells a Struct from the others of its union: the member that says it, and its value."""
    for schema in schemas.values():
        for value, reference in schema.get("discriminator", {}).get("mapping", {}).items():
            if reference.rpartition("/")[2] == name:
                return schema["discriminator"]["propertyName"], value
    return None


def _aliases(aliases: dict[str, list[str]]) -> Iterator[str]:
    yield "if TYPE_CHECKING:"
    yield from (f"    {name} = Literal[{', '.join(map(json.dumps, values))}]" for name, values in aliases.items())
    yield "else:"
    yield f"    {' = '.join(aliases)} = str"


def _struct(name: str, schema: Schema, tag: tuple[str, str] | None, aliases: dict[str, list[str]]) -> str:
    tagged = f", tag_field={json.dumps(tag[0])}, tag={json.dumps(tag[1])}" if tag else ""
    lines = ["", f"class {name}(Struct, kw_only=True{tagged}):"]
    if schema.get("description"):
        lines.append(f"    {json.dumps(schema['description'])}")
    for member, inner in schema["properties"].items():
        if tag and member == tag[0]:
            continue
        kind = _kind(inner, member, aliases)
        lines.append(f"    {_member(member, kind, optional=member not in schema.get('required', []))}")
    return "\n".join([*lines, ""])


def _member(name: str, kind: str, *, optional: bool) -> str:
    """A name that Python does not allow gets a line below it."""
    if not name.isidentifier() or keyword.iskeyword(name):
        plain = f"{name.replace('-', '_')}_"
        default = f"default=UNSET, name={json.dumps(name)}" if optional else f"name={json.dumps(name)}"
        return f"{plain}: {kind}{' | UnsetType' if optional else ''} = msgspec.field({default})"
    return f"{name}: {kind} | UnsetType = UNSET" if optional else f"{name}: {kind}"


def _kind(schema: Schema, member: str, aliases: dict[str, list[str]]) -> str:
    """The type of a member. Its name names the values that it may have, if they have no name of their own."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _any_of([_kind(one, member, aliases) for one in choices], set(aliases))
    if member and _is_text(schema):
        return _named(member, schema["enum"], aliases)
    if schema.get("type") == "array":
        return f"list[{_kind(schema.get('items', {}), member, aliases)}]"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {_kind(inner, member, aliases) if isinstance(inner, dict) else 'Any'}]"
    return _plain(schema)


def _plain(schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return "datetime"
    kind = schema.get("type", "")
    return " | ".join(_PLAIN.get(one, "Any") for one in (kind if isinstance(kind, list) else [kind]))


def _any_of(kinds: list[str], aliases: set[str]) -> str:
    """Several Structs that nothing tells apart, such as payloads without their job_type, are a mapping."""
    structs = [one for one in kinds if one[0].isupper() and one not in aliases and one not in ("Any", "None")]
    if len(structs) > 1:
        kinds = ["dict[str, Any]", *(one for one in kinds if one not in structs)]
    return " | ".join(dict.fromkeys(kinds))


def _named(member: str, values: list[str], aliases: dict[str, list[str]]) -> str:
    name = "".join(part.capitalize() for part in member.split("_"))
    while aliases.setdefault(name, values) != values:
        name += "_"
    return name


def defaults_module(document: Schema) -> str:
    """libs/client/src/foliot/client/defaults.py: what the API takes for members that a body leaves out."""
    found = {
        name: {member: one["default"] for member, one in schema["properties"].items() if "default" in one}
        for name, schema in document["components"]["schemas"].items()
        if "properties" in schema
    }
    lines = [f"    {name!r}: {values!r}," for name, values in found.items() if values]
    head = '"""Defaults of bodies, by their Struct. Written by `make openapi` from the description: do not edit."""'
    return "\n".join(
        [head, "", "from typing import Any", "", "DEFAULTS: dict[str, dict[str, Any]] = {", *lines, "}", ""]
    )
