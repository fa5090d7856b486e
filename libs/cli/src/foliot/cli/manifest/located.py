"""YAML 1.2 core as plain values that remember their lines. `no`, `on`, `1_000` and `012` are text; no tags."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from foliot.cli.exits import USAGE, Stop

_NULL: Final = ("", "~", "null", "Null", "NULL")
_TRUTH: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LARGEST_DEPTH: Final = 50
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Located(dict[str, Any]):
    """A mapping. `line`: where it begins; `lines`: where each of its keys stands."""

    line: int
    lines: dict[str, int]


def read(text: str, file: str) -> Any:
    """Raises Stop, with file and line, for what is no YAML, has a key twice, a tag, or a key that is no text."""
    try:
        return documents(text, file)[0]
    except IndexError:
        return None


def documents(text: str, file: str) -> list[Any]:
    """Each document of a file."""
    try:
        return [_Reading(file).value(node, 0) for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Stop(f"{file}:{line}: {error.problem or error}", USAGE) from error
    except yaml.YAMLError as error:
        raise Stop(f"{file}: {error}", USAGE) from error


class _Reading:
    """An alias means its anchor's value: one object, however often it is named."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._known: dict[int, Any] = {}

    def value(self, node: Any, depth: int) -> Any:
        if depth > _LARGEST_DEPTH:
            raise self._wrong(node, "this is nested too deeply, or an alias contains itself")
        if id(node) not in self._known:
            self._known[id(node)] = self._made(node, depth)
        return self._known[id(node)]

    def _made(self, node: Any, depth: int) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, depth + 1) for one in node.value]
        made = Located()
        made.line, made.lines = node.start_mark.line + 1, {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise self._wrong(key_node, "a key must be text")
            if key in made:
                raise self._wrong(key_node, f"{key!r} stands here twice, first in line {made.lines[key]}")
            made.lines[key] = key_node.start_mark.line + 1
            made[key] = self.value(value_node, depth + 1)
        return made

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in _NULL:
            return None
        if text in _TRUTH:
            return _TRUTH[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) else text

    def _wrong(self, node: Any, words: str) -> Stop:
        return Stop(f"{self._file}:{node.start_mark.line + 1}: {words}", USAGE)
