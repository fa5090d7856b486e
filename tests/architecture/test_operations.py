"""The table of operations is whole: routes, handlers, error codes and words come from it, and nothing stands beside it."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foliot.api.app import build_app
from foliot.api.operations.document import document
from foliot.api.operations.meanings import HEADERS, MEANINGS, PARAMETERS, PATH
from foliot.api.operations.pages import page_routes
from foliot.api.operations.table import OPERATIONS
from foliot.api.web.error_codes import ERROR_CODES
from foliot.api.web.operation import Operation
from foliot.common.clock import SystemClock
from foliot.common.errors import FoliotError

ROOT = Path(__file__).parents[2]
API = ROOT / "services/api/src/foliot/api"
NEVER_ANSWERED = {"error", "fenced", "config", "migration", "schema_unknown", "broker_down", "broker_rejected"}
"""Codes of errors that the API does not raise to a caller."""
HEALTH = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}


def by_id(operation: Operation) -> str:
    return operation.id


async def test_every_route_is_in_the_table() -> None:
    async def readiness() -> tuple[str | None, dict[str, Any]]:
        return None, {}

    app = build_app(None, SystemClock(), readiness)  # type: ignore[arg-type]
    found = {(one.method, one.resource.canonical) for one in app.router.routes() if one.resource} - HEALTH
    pages = {("GET", one.path) for one in page_routes() if hasattr(one, "path")}
    table = [(one.method, one.path) for one in OPERATIONS]
    assert {one for one in found if one[0] != "HEAD"} == {*table, *pages}
    assert len(table) == len({*table}) == len({one.id for one in OPERATIONS})


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_id)
def test_a_row_and_its_handler_speak_of_the_same_types(operation: Operation) -> None:
    """What the door gives is what the handler says that it takes."""
    hints = typing.get_type_hints(operation.handler)
    query, body = typing.get_args(next(value for name, value in hints.items() if name.endswith("call")))
    assert query is (operation.query or type(None))
    if operation.body is None:
        assert body is type(None)
    elif operation.body.decode is None:
        assert body == (dict[str, Any] if operation.body.patch else bytes)
    else:
        assert body == typing.get_type_hints(operation.body.decode)["return"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_id)
def test_a_change_is_idempotent(operation: Operation) -> None:
    assert operation.idempotent == (operation.method != "GET" and operation.id != "previewSchedule")
    assert operation.idempotent == ("_changes.make" in written(operation) or "self._step" in written(operation))


def written(operation: Operation) -> str:
    """The handler's source."""
    path = ROOT / "services/api/src" / f"{operation.handler.__module__.replace('.', '/')}.py"
    name = operation.handler.__qualname__.partition(".")[2]
    text = path.read_text()
    (found,) = (one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.AsyncFunctionDef) and one.name == name)
    return ast.get_source_segment(text, found) or ""


BY_BODY = {"jobs.py", "bulk.py"}


def test_what_the_door_checks_is_checked_nowhere_else() -> None:
    """But for the roles that only the body tells: of another payload of a run, and of a bulk action."""
    texts = {path.name: path.read_text() for path in (API / "handlers").glob("*.py")}
    assert {name for name, text in texts.items() if ".require(" in text} == BY_BODY
    assert all(texts[name].count(".require(") == 1 for name in BY_BODY)
    for name, text in texts.items():
        assert not re.search(r"\.query\[|query_string|match_info|await request|\.read\(\)|convert_fields", text), name


def calls(name: str) -> Iterator[ast.Call]:
    """The calls of a function, in the API and in what it uses."""
    for path in (*API.rglob("*.py"), *(ROOT / "libs/common/src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def texts(nodes: Iterator[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_code_that_the_code_can_answer_is_listed_and_no_other() -> None:
    of_the_api = [kind for kind in every(FoliotError) if kind.__module__.startswith(("foliot.common.", "foliot.api."))]
    raised = {kind.code for kind in of_the_api} - NEVER_ANSWERED
    raised |= texts(call.args[0] for call in calls("Conflict"))
    raised |= texts(call.args[1] for call in calls("Invalid") if len(call.args) > 1)
    raised |= texts(call.args[0] for call in calls("refused"))
    codes = (API / "web/middleware.py").read_text().partition("_HTTP_CODES = {")[2].partition("}")[0]
    raised |= set(re.findall(r'"(\w+)"', codes))
    assert raised == set(ERROR_CODES)


def every(kind: type[FoliotError]) -> Iterator[type[FoliotError]]:
    for one in kind.__subclasses__():
        yield one
        yield from every(one)


def test_every_code_belongs_to_an_operation() -> None:
    somewhere = {code for one in OPERATIONS for code in one.codes()}
    assert set(ERROR_CODES) - somewhere == {"method_not_allowed"}
    assert all(set(one.errors) <= set(ERROR_CODES) for one in OPERATIONS)


def test_every_member_has_a_meaning_and_every_meaning_a_member() -> None:
    schemas = document()["components"]["schemas"]
    named = {
        (name, member): one for name, schema in schemas.items() for member, one in schema.get("properties", {}).items()
    }
    assert [at for at, one in named.items() if not one.get("description")] == []
    assert set(MEANINGS) <= {member for _, member in named}
    assert set(PATH) == {name for one in OPERATIONS for name in one.names}
    assert {*HEADERS} == {"X-Request-Id", *(name for one in OPERATIONS for name in one.headers)}
    described = [
        one for path in document()["paths"].values() for operation in path.values() for one in operation["parameters"]
    ]
    assert all(one["description"] for one in described)
    assert set(PARAMETERS) == {one["name"] for one in described if one["in"] != "path"}


def test_the_words_are_for_strangers() -> None:
    """No name of the code: neither of a component nor in a description."""
    schemas = document()["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []
    wrong = {
        name: schema["description"]
        for name, schema in schemas.items()
        if re.search(r"[A-Z]+_[A-Z]+(?!_COME)|Struct|Row\b|View\b|\bUNSET\b|\bNone\b", schema.get("description", ""))
    }
    assert wrong == {}
