"""The rooms of the product: imports go down, never in a circle, and what only one service needs lives in that service."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = {
    "common": ROOT / "libs/common/src",
    "api": ROOT / "services/api/src",
    "scheduler": ROOT / "services/scheduler/src",
    "worker": ROOT / "services/worker/src",
}
SERVICES = tuple(name for name in DISTRIBUTIONS if name != "common")
ONE_USER_ALLOWED = ("foliot.common.ledger", "foliot.common.broker")
"""The state machine of an attempt, and the one owner of the broker's library, stay in one folder each."""


def _modules() -> dict[str, Path]:
    found = {}
    for source in DISTRIBUTIONS.values():
        for path in source.rglob("*.py"):
            parts = path.relative_to(source).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _imported(path: Path) -> Iterator[str]:
    """The product's modules that a file imports when it is loaded."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


IMPORTS = {name: {found for found in _imported(path) if found in MODULES} - {name} for name, path in MODULES.items()}

_PAYLOADS = "foliot.common.model.payloads"
IMPORTS[_PAYLOADS] |= {
    name for name in MODULES if name.startswith(f"{_PAYLOADS}.")
}  # it imports all that register a type


def _users() -> dict[str, set[str]]:
    """module of common -> services that need it, directly or through others of common."""
    importers = defaultdict(set)
    for name, imported in IMPORTS.items():
        for one in imported:
            importers[one].add(name)
    users = {}
    for name in MODULES:
        seen: set[str] = set()
        left = [name]
        while left:
            fresh = importers[left.pop()] - seen
            seen |= fresh
            left += [one for one in fresh if one.startswith("foliot.common")]
        users[name] = {one.split(".")[1] for one in seen if not one.startswith("foliot.common")}
    return users


def _circle(name: str, path: tuple[str, ...], done: set[str]) -> tuple[str, ...] | None:
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return None
    found = (_circle(one, (*path, name), done) for one in sorted(IMPORTS[name]))
    circle = next((one for one in found if one), None)
    done.add(name)
    return circle


def test_nothing_is_imported_in_a_circle() -> None:
    done: set[str] = set()
    assert [circle for name in sorted(MODULES) if (circle := _circle(name, (), done))] == []


def test_common_reaches_no_service() -> None:
    up = {name: sorted(reached) for name, imported in IMPORTS.items() if name.startswith("foliot.common")
          and (reached := {one for one in imported if not one.startswith("foliot.common")})}  # fmt: skip
    assert up == {}


def test_a_file_of_common_has_more_than_one_service_as_its_user() -> None:
    alone = {
        name: sorted(users)
        for name, users in _users().items()
        if name.startswith("foliot.common.") and len(users) == 1 and not name.startswith(ONE_USER_ALLOWED)
    }
    assert alone == {}


@pytest.mark.parametrize("room", ["schedules", "model", "ledger", "broker", "process"])
def test_a_room_says_what_it_is(room: str) -> None:
    """The first line of a room's docstring is what a newcomer reads."""
    assert ast.get_docstring(ast.parse(MODULES[f"foliot.common.{room}"].read_text()))
