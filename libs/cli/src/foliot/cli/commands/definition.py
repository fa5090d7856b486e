"""The fields of a job as they are given on the command line: a file, and single fields over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from foliot.cli.exits import USAGE, Stop


def definition(file: str | None, assignments: Sequence[str]) -> dict[str, Any]:
    """`file`: YAML or JSON, `-` is stdin. `assignments`: FIELD=VALUE, `payload.url=...` for a member."""
    found = _read(file) if file else {}
    for one in assignments:
        name, equals, value = one.partition("=")
        if not equals:
            raise Stop(f"--set takes FIELD=VALUE, not {one!r}", USAGE)
        *path, last = name.split(".")
        inside = found
        for part in path:
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                raise Stop(f"--set {name}: {part} has no members", USAGE)
        inside[last] = _value(value)
    return found


def _value(text: str) -> Any:
    """JSON if it is some, else the text itself: priority=5, labels={"a": "b"}, schedule=@daily."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _read(file: str) -> dict[str, Any]:
    from foliot.cli.manifest.located import read  # noqa: PLC0415

    with click.open_file(file, encoding="utf-8") as opened:
        found = read(opened.read(), file)
    if not isinstance(found, dict):
        raise Stop(f"{file} must hold the fields of a job", USAGE)
    return found
