"""The pages of the reference, without a script: every operation with all that the table says of it, and every error."""

from __future__ import annotations

import re
import shlex
from functools import cache
from itertools import groupby
from typing import Any

import jinja2
import orjson
from markupsafe import Markup, escape

from foliot.api.operations.document import document
from foliot.api.operations.examples import Example, example_of
from foliot.api.operations.meanings import PATH
from foliot.api.operations.table import OPERATIONS
from foliot.api.web.error_codes import ERROR_CODES
from foliot.api.web.operation import Operation

_HEADERS = frozenset({"X-Request-Id"})
"""Of every answer: not named again and again."""


@cache
def _pages() -> jinja2.Environment:
    loader = jinja2.PackageLoader("foliot.api.operations")
    pages = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.filters["marked"] = marked
    return pages


def rendered(name: str, **values: Any) -> str:
    return _pages().get_template(name).render(**values)


@cache
def errors_page(stylesheet: str) -> str:
    return rendered("errors.html", stylesheet=stylesheet, codes=ERROR_CODES.values())


@cache
def reference_page(stylesheet: str) -> str:
    groups = groupby(OPERATIONS, lambda one: one.tag)
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for tag, group in groups:
        by_tag.setdefault(tag, []).extend(_operation(one) for one in group)
    schemas = document()["components"]["schemas"]
    shapes = [
        {"name": name, "words": schema.get("description", ""), "schema": schema, "members": _members(schema)}
        for name, schema in schemas.items()
    ]
    return rendered("reference.html", stylesheet=stylesheet, operations=by_tag.items(), shapes=shapes)


def marked(text: str) -> Markup:
    """Text in which what stands between backquotes is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _operation(operation: Operation) -> dict[str, Any]:
    described = document()["paths"][operation.path][operation.method.lower()]
    return {
        "id": operation.id, "method": operation.method, "path": operation.path, "summary": operation.summary,
        "note": operation.note, "role": operation.role.name.lower(), "curl": curl(example_of(operation)),
        "parameters": [
            {"name": one["name"], "schema": one["schema"], "words": one["description"], "required": "required" in one}
            for one in described["parameters"]
        ],
        "body": _schema_in(described.get("requestBody", {})),
        "answers": [_answer(status, one) for status, one in described["responses"].items() if int(status) < 400],
        "codes": [ERROR_CODES[code] for code in operation.codes()],
    }  # fmt: skip


def _answer(status: str, described: dict[str, Any]) -> dict[str, Any]:
    headers = [name for name in described["headers"] if name not in _HEADERS]
    return {"status": status, "schema": _schema_in(described), "headers": headers}


def _schema_in(described: dict[str, Any]) -> dict[str, Any] | None:
    """Of a body, whichever of its types is sent; None without a body."""
    schemas: list[dict[str, Any]] = [one["schema"] for one in described.get("content", {}).values()]
    return schemas[0] if schemas else None


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {"name": name, "schema": one, "words": one.get("description", ""), "required": name in required}
        for name, one in schema.get("properties", {}).items()
    ]


def curl(example: Example) -> str:
    """The command line that sends an example. Ids are variables of the shell, such as $JOB_ID."""
    path = example.path
    for name in PATH:
        path = path.replace(f"{{{name}}}", f"${name.upper()}")
    implied = "GET" if example.body is None else "POST"
    method = "" if example.method == implied else f" -X {example.method}"
    parts = [f'curl{method} "$FOLIOT_URL{path}"', '-H "Authorization: Bearer $KEY"']
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in example.headers.items()]
    if example.body is not None:
        parts.append(f"-d {shlex.quote(orjson.dumps(example.body, option=orjson.OPT_INDENT_2).decode())}")
    return " \\\n  ".join(parts)
