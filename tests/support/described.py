"""Answers held to docs/openapi.json: each one that passes a test is validated against the committed description.

Beyond the description no member may be in an answer that it does not name, and a time has six digits and `Z`. Of a list
the first items and the last one are looked at, so that the cost of an answer is bounded.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT = Path(__file__).parents[2] / "docs/openapi.json"
_LOOKED_AT = 3
_MADE = frozenset({"ETag", "Location", "X-Foliot-Staleness"})
"""Headers of answers that the description tells of, for each operation."""
_SOMETIMES = frozenset({"X-Foliot-Staleness"})
"""Not there if a list is of one job."""
_FORMATS = FormatChecker(formats=())
wrong: list[str] = []
"""What was found since it was last emptied."""


@_FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value) is not None


@cache
def _document() -> dict[str, Any]:
    """The description, in which no Struct takes a member that it does not name."""
    document: dict[str, Any] = copy.deepcopy(json.loads(DOCUMENT.read_text()))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return document


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Those with more fixed text first, as the router does: `by-key` is no job_id."""
    paths = sorted(_document()["paths"], key=lambda path: len(path.partition("{")[0]), reverse=True)
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@cache
def _validator(pointer: str) -> Draft202012Validator:
    """Of the schema at this place of the description."""
    schema = {"$ref": f"#/{pointer}", "components": _document()["components"], "paths": _document()["paths"]}
    return Draft202012Validator(schema, format_checker=_FORMATS)


def faults(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | str) -> list[str]:
    """What is wrong with an answer of the API."""
    if method == "HEAD" or not path.startswith("/v1/"):
        return []
    found = next((template for form, template in _paths() if form.fullmatch(path)), None)
    operation = _document()["paths"].get(found, {}).get(method.lower())
    if found is None or operation is None:
        return [] if status in (400, 401, 404, 405, 408, 415) else [f"{status} of no operation"]
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [f"the status {status} is not described"]
    kind = next(iter(answer.get("content", {})), None)
    if kind is None:
        return [*_headers(answer, status, headers), *(["a body is not described"] if body else [])]
    if headers.get("Content-Type", "").partition(";")[0] != kind:
        return [f"Content-Type {headers.get('Content-Type')}, not {kind}"]
    at = (
        f"paths/{found.replace('/', '~1')}/{method.lower()}/responses/{status}/content/{kind.replace('/', '~1')}/schema"
    )
    return [*_headers(answer, status, headers), *_schema(at, json.loads(body))]


def _schema(pointer: str, body: Any) -> Iterable[str]:
    if isinstance(body, dict) and isinstance(items := body.get("items"), list) and len(items) > _LOOKED_AT:
        body = body | {"items": [*items[:_LOOKED_AT], items[-1]]}
    for error in _validator(pointer.replace("{", "%7B").replace("}", "%7D")).iter_errors(body):
        inner = error
        while inner.context:  # of the members of a union the one that fits best
            inner = max(inner.context, key=lambda one: ("job_type" not in one.absolute_path, len(one.absolute_path)))
        yield f"{inner.json_path}: {inner.message[:300]}"


def _headers(answer: dict[str, Any], status: int, headers: Mapping[str, str]) -> Iterable[str]:
    described, sent = _MADE & set(answer.get("headers", {})), {name for name in _MADE if name in headers}
    yield from (f"the header {name} is not described" for name in sorted(sent - described))
    yield from (f"the header {name} is missing" for name in sorted(described - sent - _SOMETIMES))


def look(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | str) -> None:
    """Note what is wrong with an answer, for the test that is running."""
    wrong.extend(f"{method} {path}: {status}: {one}" for one in faults(method, path, status, headers, body))


@web.middleware
async def described(request: web.Request, handler: Any) -> web.StreamResponse:
    """Around an application of a test, outside of all that it does itself."""
    response: web.StreamResponse = await handler(request)
    assert isinstance(response, web.Response)
    body = response.body if isinstance(response.body, bytes) else b""
    look(request.method, request.path, response.status, response.headers, body)
    return response
