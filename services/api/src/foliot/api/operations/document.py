"""The description of the API: OpenAPI 3.1, made from the table of operations."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any

import orjson

from foliot.api.operations.examples import example_of
from foliot.api.operations.meanings import HEADERS, PARAMETERS, PATH
from foliot.api.operations.shapes import REF, Schema, components, properties_of, reference_to
from foliot.api.operations.table import OPERATIONS
from foliot.api.web.bodies import NDJSON
from foliot.api.web.error_codes import ERROR_CODES
from foliot.api.web.job_keys import MAX_KEY
from foliot.api.web.operation import JOB_KEY, Body, Operation
from foliot.api.web.problems import Problem

_INFO = {
    "title": "Foliot", "version": "1",
    "summary": "A distributed job scheduler: jobs, their schedules, and a record of every run.",
    "description": "JSON over HTTP. Every time is RFC 3339 in UTC. A wrong request is answered with all of its wrong "
    "fields at once, as application/problem+json. Lists have a limit and a cursor.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}  # fmt: skip
_KEY = {
    "type": "http", "scheme": "bearer",
    "description": "A key, by role: viewer reads, runner runs jobs too, operator changes them too, admin makes keys.",
}  # fmt: skip
_KEY_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_KEY}


@cache
def document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    asked = {one.body.shape for one in OPERATIONS if one.body is not None}
    answered = {shape for one in OPERATIONS for shape in one.answers.values() if shape is not None}
    return {
        "openapi": "3.1.0", "info": _INFO, "servers": [{"url": "/"}], "security": [{"key": []}], "paths": paths,
        "components": {
            "schemas": components(asked, {*answered, Problem}),
            "headers": {name: {"description": words, "schema": {"type": "string"}} for name, words in HEADERS.items()},
            "securitySchemes": {"key": _KEY},
        },
    }  # fmt: skip


def written() -> str:
    """As it is committed and served."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _described(operation: Operation) -> dict[str, Any]:
    words = f"{operation.note} Needs the role {operation.role.name.lower()}.".strip()
    made: dict[str, Any] = {
        "operationId": operation.id, "summary": operation.summary, "description": words,
        "x-role": operation.role.name.lower(), "tags": [operation.tag],
        "parameters": _parameters(operation),
    }  # fmt: skip
    if operation.body is not None:
        made["requestBody"] = _body(operation, operation.body)
    return made | {"responses": _answers(operation) | _errors(operation)}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "description": PATH[name],
         "schema": _KEY_TEXT if name == JOB_KEY else {"type": "integer", "minimum": 0}}
        for name in operation.names
    ]  # fmt: skip
    if operation.query is not None:
        found += [_parameter(name, schema) for name, schema in properties_of(operation.query).items()]
    honoured = {
        "Idempotency-Key": operation.idempotent, "If-Match": operation.conditional, "If-None-Match": operation.creates,
    }  # fmt: skip
    for name, wanted in honoured.items():
        if wanted:
            schema = {"type": "string"}
            found.append({"name": name, "in": "header", "description": PARAMETERS[name], "schema": schema})
    return found


def _parameter(name: str, schema: Schema) -> dict[str, Any]:
    """Labels come one by one, lists with commas. Null is not sent: the parameter is left out."""
    choices = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    made = {key: value for key, value in schema.items() if key not in ("anyOf", "description", "default")}
    made |= choices[0] if choices else {}
    if schema.get("default") is not None:
        made["default"] = schema["default"]
    shown: dict[str, Any] = {"name": name, "in": "query", "description": schema["description"]}
    if made.get("type") == "object":
        return shown | {"explode": True, "schema": {"type": "array", "items": {"type": "string", "pattern": "="}}}
    if made.get("type") == "array":
        shown["explode"] = False
    return shown | {"schema": made}


def _body(operation: Operation, body: Body) -> dict[str, Any]:
    name = "JobPatch" if body.patch else None
    schema = {"$ref": REF + name} if name else reference_to(body.shape)
    example = example_of(operation).body
    lines = {
        "schema": {"type": "string", "description": "A JSON object a line: the request without jobs, then each job."}
    }
    content = {NDJSON: lines} if body.lines else {}
    content |= {
        one: {"schema": schema, **({} if example is None else {"example": example})}
        for one in body.types
        if one != NDJSON
    }
    return {"required": not body.optional, "content": content}


def _answers(operation: Operation) -> dict[str, Any]:
    found = {}
    for status, shape in operation.answers.items():
        made_here = [name for name in operation.headers if name != "Location" or status != HTTPStatus.OK]
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in (*made_here, "X-Request-Id")}
        made: dict[str, Any] = {"description": HTTPStatus(status).phrase, "headers": headers}
        if shape is not None:
            made["content"] = {"application/json": {"schema": reference_to(shape)}}
            if operation.text:
                made["content"]["text/plain"] = {"schema": {"type": "string"}}
        found[str(status)] = made
    return found


def _errors(operation: Operation) -> dict[str, Any]:
    """By status: the codes that may come with it."""
    return {
        str(status): {
            "description": " ".join(f"`{code}`: {ERROR_CODES[code].meaning}" for code in codes),
            "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
            "content": {"application/problem+json": {"schema": _problem(codes)}},
        }
        for status, codes in _by_status(operation.codes())
    }  # fmt: skip


def _by_status(codes: list[str]) -> list[tuple[int, list[str]]]:
    return [(status, list(group)) for status, group in groupby(codes, lambda code: ERROR_CODES[code].status)]


def _problem(codes: list[str]) -> Schema:
    return {"allOf": [reference_to(Problem), {"properties": {"code": {"enum": codes}}}]}
