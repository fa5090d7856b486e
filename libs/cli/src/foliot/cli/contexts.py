"""Contexts: APIs by name, each with its key, in a file that nobody else reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from foliot.cli.exits import USAGE, Stop


class Context(NamedTuple):
    """`protected`: its name is asked for before something is deleted or changed in bulk."""

    name: str
    url: str
    key: str | None
    protected: bool = False
    source: str = ""


class Contexts:
    """The file `~/.config/foliot/config.toml`, or the one that FOLIOT_CONFIG names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        read = _toml(path)
        self.current: str | None = read.get("current")
        self.all: dict[str, dict[str, Any]] = read.get("contexts", {})

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Contexts:
        return cls(_path(environment))

    def named(self, name: str, source: str) -> Context:
        found = self.all.get(name)
        if found is None or not isinstance(found.get("url"), str):
            known = ", ".join(sorted(self.all)) or "none"
            raise Stop(f"there is no context {name!r} in {self.path} ({source}); there are: {known}", USAGE)
        return Context(name, found["url"], _key_of(found, self.path), bool(found.get("protected")), source)

    def save(self) -> None:
        """Replaces the file at once. Mode 600: it holds keys."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self.path.with_name(f"{self.path.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(_written(self.current, self.all))
        new.replace(self.path)


def local(environment: Mapping[str, str]) -> Context | None:
    """The cluster that `make up` started in this directory."""
    path = Path(environment.get("FOLIOT_LOCAL_DIR") or ".local") / "context.toml"
    read = _toml(path)
    found = read.get("contexts", {}).get(read.get("current"))
    return Context(str(read["current"]), found["url"], _key_of(found, path), False, str(path)) if found else None


def _key_of(members: Mapping[str, Any], file: Path) -> str | None:
    """`key`, or what the file `key_file` beside the contexts holds."""
    if "key_file" not in members:
        return members.get("key")
    try:
        return (file.parent / str(members["key_file"])).read_text().strip()
    except OSError as error:
        raise Stop(f"{file}: key_file cannot be read: {error}", USAGE) from error


def _path(environment: Mapping[str, str]) -> Path:
    if chosen := environment.get("FOLIOT_CONFIG"):
        return Path(chosen)
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or "~").expanduser() / ".config")
    return Path(home) / "foliot" / "config.toml"


def _toml(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Stop(f"{path} cannot be read: {error}", USAGE) from error


def _written(current: str | None, contexts: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [] if current is None else [f"current = {_text(current)}", ""]
    for name, members in sorted(contexts.items()):
        lines.append(f"[contexts.{_text(name)}]")
        for key, value in members.items():
            lines.append(f"{key} = {'true' if value is True else 'false' if value is False else _text(str(value))}")
        lines.append("")
    return "\n".join(lines)


def _text(value: str) -> str:
    """JSON's text is TOML's basic string, but for DEL."""
    import json  # noqa: PLC0415

    return json.dumps(value).replace("\x7f", "\\u007f")
