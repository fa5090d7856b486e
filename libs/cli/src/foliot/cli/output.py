"""What a command prints: data on stdout in the form that was asked for, all else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from foliot.cli.tables import cell, plain, tabbed, table

FORMS: Final = ("table", "json", "ndjson", "yaml", "name")
Item = dict[str, Any]
_COLORS: Final = {
    "COMPLETED": 32,
    "RUNNING": 36,
    "FAILED": 31,
    "TIMEOUT": 31,
    "PAUSED": 33,
    "CANCELLED": 33,
    "SKIPPED": 33,
}


class Output:
    """`form`: one of FORMS. Colors only for eyes, and not under NO_COLOR."""

    def __init__(self, form: str, environment: Mapping[str, str]) -> None:
        self._form = form
        self._terminal = sys.stdout.isatty()
        self._colors = self._terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"

    def items(self, items: Sequence[Item], columns: Sequence[str], name: str) -> None:
        """A list. `name`: the member that `-o name` prints."""
        if self._form == "table":
            rows = [[cell(item.get(column)) for column in columns] for item in items]
            self._write(self._colored(table(_titles(columns), rows)) if self._terminal else tabbed(rows))
        elif self._form == "name":
            self._write("".join(f"{item[name]}\n" for item in items))
        elif self._form == "ndjson":
            self._write("".join(msgspec.json.encode(item).decode() + "\n" for item in items))
        else:
            self._structured(list(items))

    def item(self, item: Item, name: str) -> None:
        """One thing: for eyes, a line each member that says something."""
        if self._form == "table":
            rows = [[key, cell(value)] for key, value in item.items() if value not in (None, [], {})]
            width = max((len(key) for key, _ in rows), default=0)
            self._write(self._colored("".join(f"{key:<{width}}  {value}\n" for key, value in rows)))
        elif self._form == "name":
            self._write(f"{item.get(name, '')}\n")
        elif self._form == "ndjson":
            self._write(msgspec.json.encode(item).decode() + "\n")
        else:
            self._structured(item)

    def text(self, text: str) -> None:
        """As it is; on a terminal, control characters of others are shown and not obeyed."""
        self._write(plain(text, lines=True) if self._terminal else text)

    def note(self, text: str) -> None:
        """For eyes, beside the data."""
        sys.stderr.write(plain(text, lines=True) + "\n")

    @property
    def structured(self) -> bool:
        return self._form in ("json", "ndjson", "yaml")

    def _structured(self, value: Any) -> None:
        if self._form == "yaml":
            from foliot.cli.manifest.written import yaml_text  # noqa: PLC0415

            self._write(yaml_text(value))
            return
        self._write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")

    def _colored(self, text: str) -> str:
        if not self._colors:
            return text
        for word, color in _COLORS.items():
            text = text.replace(word, f"\x1b[{color}m{word}\x1b[0m")
        return text

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)


def _titles(columns: Sequence[str]) -> list[str]:
    return [column.upper() for column in columns]
