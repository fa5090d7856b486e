"""Log lines carry declared events: no name stands as a literal, and levels and fields are the declared ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import foliot.common.process.events as shared
from foliot.common.process.events import Event
from monitoring.events_page import EVENTS

ROOT = Path(__file__).parents[2]
PRODUCT = sorted(path for folder in ("libs", "services") for path in (ROOT / folder).rglob("*.py"))
LEVELS = {"debug", "info", "warning", "error", "critical"}
DECLARED = {title: {event.name: event for event in events} for title, events in EVENTS.items()}


class Line:
    """A call that logs: its level (None where it is chosen at run time), its constant, its fields."""

    def __init__(self, path: Path, call: ast.Call, constant: str) -> None:
        self.path, self.number, self.constant = path, call.lineno, constant
        method = call.func.attr if isinstance(call.func, ast.Attribute) else None
        self.level = method.upper() if method in LEVELS else None
        self.fields = {keyword.arg.replace("exc_info", "error") for keyword in call.keywords if keyword.arg}

    def event(self) -> Event:
        service = re.search(r"foliot/(api|scheduler|worker)/", self.path.as_posix())
        title = service[1] if service else "every service"
        return DECLARED[title][self.constant.lower()]


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def lines() -> list[Line]:
    return [
        Line(path, call, node.attr)
        for path in PRODUCT
        for call in calls(path)
        if call.args
        for node in ast.walk(call.args[0])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "events"
    ]


@pytest.mark.parametrize("line", lines(), ids=lambda line: f"{line.path.name}:{line.number}:{line.constant}")
def test_a_line_has_a_declared_level_and_declared_fields(line: Line) -> None:
    event = line.event()
    assert line.level is None or line.level in event.levels
    assert line.fields <= set(event.fields), f"declare them in events.py: {line.fields - set(event.fields)}"


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.name)
def test_no_event_stands_as_a_literal(path: Path) -> None:
    for call in calls(path):
        if isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS and call.args:
            literals = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant | ast.JoinedStr)]
            assert not literals, f"line {call.lineno}: declare it in events.py"


def test_every_declared_event_is_logged_and_every_declared_field_is_given() -> None:
    given: dict[tuple[str, str], set[str]] = {}
    for line in lines():
        title = next(t for t, events in DECLARED.items() if line.event() is events.get(line.constant.lower()))
        given.setdefault((title, line.event().name), set()).update(line.fields)
    assert given.keys() == {(title, name) for title, events in DECLARED.items() for name in events}
    for (title, name), fields in given.items():
        named_by_the_resource = {"job_id", "execution_id", "api_key_id", "operation_id"} if name == "changed" else set()
        assert fields == set(DECLARED[title][name].fields) - named_by_the_resource, name


def test_names_are_the_constants_and_meanings_are_sentences() -> None:
    for events in DECLARED.values():
        for event in events.values():
            assert event.meaning.endswith("."), event.name
            assert set(event.levels) <= {level.upper() for level in LEVELS}
    names = [name for events in DECLARED.values() for name in events]
    assert len(names) == len(set(names)), "an event means one thing in all services"
    assert type(shared.STARTING) is str, "a plain name costs nothing where lines are written"
