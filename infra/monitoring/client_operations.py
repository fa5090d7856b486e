"""libs/client/src/foliot/client/operations.py: a function for each operation of the API, made of its description."""

from __future__ import annotations

import json
import keyword
import re
from typing import Any

Schema = dict[str, Any]

_HEAD = '''"""The operations of the API: each gives a Request, which a transport sends.

Written by `make openapi` from the description: do not edit. Where a body is asked for, its JSON as a mapping does too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from foliot.client.request import Request, segment

if TYPE_CHECKING:
    from foliot.client import types
'''
_PLAIN = {"integer": "int", "number": "float", "boolean": "bool", "string": "str"}


def operations_module(document: Schema) -> str:
    made = [
        _function(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _HEAD + "\n" + "\n".join(made)


def function_name(operation_id: str) -> str:
    """listJobs -> list_jobs."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation_id).lower()


def _function(method: str, path: str, operation: Schema) -> str:
    parameters = operation.get("parameters", [])
    answers = _answers(operation)
    answer, *_ = answers.values() or [None]
    shown = " | ".join(dict.fromkeys(_shown(one) for one in answers.values())) or "None"
    lines = ["", f"def {function_name(operation['operationId'])}(", *_arguments(operation), f") -> Request[{shown}]:"]
    lines.append(f"    {json.dumps(operation['summary'] + '.')}")
    lines.append("    return Request(")
    lines.append(f"        method={json.dumps(method)}, path={_path(path)}, answer={answer and json.dumps(answer)},")
    if others := {status: one for status, one in answers.items() if one != answer}:
        lines.append(f"        others={others!r},")
    query = _pairs([one["name"] for one in parameters if one["in"] == "query"])
    headers = _pairs([one["name"] for one in parameters if one["in"] == "header" and one["name"] != "Idempotency-Key"])
    keyed = any(one["name"] == "Idempotency-Key" for one in parameters)
    repeatable = keyed or method == "GET" or operation.get("x-role") == "viewer"
    body = ", body=body" if "requestBody" in operation else ""
    lines.append(f"        query={query}, headers={headers}, keyed={keyed}, repeatable={repeatable}{body},")
    return "\n".join([*lines, "    )", ""])


def _path(path: str) -> str:
    """An f-string where it has parameters."""
    filled = re.sub(r"{(\w+)}", r"{segment(\1)}", path)
    return f'f"{filled}"' if "{" in path else json.dumps(path)


def _pairs(names: list[str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {_argument(name)}" for name in names) + "}"


def _argument(name: str) -> str:
    plain = name.lower().replace("-", "_")
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def _arguments(operation: Schema) -> list[str]:
    """Path and body by position, what may be left out by name."""
    parameters = operation.get("parameters", [])
    given = [f"    {one['name']}: {_kind(one['schema'])}," for one in parameters if one["in"] == "path"]
    body = operation.get("requestBody")
    if body:
        first = next(iter(body["content"].values()))["schema"]
        kind = f"types.{first['$ref'].rpartition('/')[2]} | Mapping[str, Any]" if "$ref" in first else "Any"
        given.append(f"    body: {kind}," if body.get("required") else f"    body: {kind} | None = None,")
    named = [
        f"    {_argument(one['name'])}: {_kind(one['schema'])} | None = None,"
        for one in parameters
        if one["in"] != "path" and one["name"] != "Idempotency-Key"
    ]
    return [*given, *(["    *,", *named] if named else [])]


def _kind(schema: Schema) -> str:
    if schema.get("type") == "array":
        return "Sequence[str] | Mapping[str, str]" if schema.get("items", {}).get("pattern") == "=" else "Sequence[str]"
    if schema.get("format") == "date-time":
        return "datetime | str"
    return _PLAIN.get(schema.get("type", ""), "str")


def _shown(answer: str) -> str:
    return answer if answer == "Any" else f"types.{answer}"


def _answers(operation: Schema) -> dict[int, str]:
    """The Struct of each answer that means done, by its status. What is not JSON is not decoded."""
    found = {}
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "application/json" in answer.get("content", {}):
            schema = answer["content"]["application/json"].get("schema", {})
            found[int(status)] = str(schema["$ref"]).rpartition("/")[2] if "$ref" in schema else "Any"
    return found
