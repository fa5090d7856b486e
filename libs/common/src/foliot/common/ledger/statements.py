"""SQL of the .sql files: named statements with the Struct of their rows, and fragments that several share.

A statement's name is the repository's method and the label of its duration. A fragment of `fragments.sql` replaces
`/*:name:*/` in a statement, so that a projection or a derivation is written once for all statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib import resources

import msgspec

_FRAGMENT = re.compile(r"/\*:(\w+):\*/")
_MONTH = "executions/*month*/"
"""The mark of a table that one of its months can replace."""
_ALL_MONTHS = re.compile(r"/\*all months:\*/.*?/\*:\*/", re.DOTALL)
"""A condition that only a statement over all months needs: within one month it could make PostgreSQL use another
index."""


class Statement(msgspec.Struct, frozen=True):
    """SQL, the name under which its duration is measured, and the Struct of its rows (None: not read as Structs)."""

    name: str
    sql: str
    row: type[msgspec.Struct] | None = None


class Statements:
    """The `-- name: x` blocks of a .sql file beside a repository, as attributes."""

    def __init__(self, package: str, filename: str, rows: Mapping[str, type[msgspec.Struct]] | None = None) -> None:
        """`rows`: statement -> Struct. Its fields are the statement's columns, in their order; a test compares them."""
        rows = rows or {}
        blocks = _blocks(resources.files(package).joinpath(filename).read_text(), "-- name: ")
        if unknown := set(rows) - set(blocks):
            raise ValueError(f"{filename} has no statement {', '.join(sorted(unknown))}")
        self._statements = {name: Statement(name, expanded(sql), rows.get(name)) for name, sql in blocks.items()}

    def __getattr__(self, name: str) -> Statement:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(name) from None

    def names(self) -> set[str]:
        return set(self._statements)


def _blocks(text: str, marker: str) -> dict[str, str]:
    """Name -> text of the blocks that begin with a line `<marker><name>`."""
    blocks = {}
    for block in text.split(marker)[1:]:
        name, _, sql = block.partition("\n")
        blocks[name.strip()] = sql.strip()
    return blocks


def expanded(sql: str) -> str:
    """The SQL with its fragments in place. Raises ValueError for an unknown fragment."""

    def fragment(match: re.Match[str]) -> str:
        try:
            return expanded(_fragments()[match[1]])
        except KeyError:
            raise ValueError(f"fragments.sql has no fragment {match[1]}") from None

    return _FRAGMENT.sub(fragment, sql)


@lru_cache(1)
def _fragments() -> dict[str, str]:
    """Name -> SQL of a fragment, without its comment."""
    text = resources.files("foliot.common.ledger").joinpath("fragments.sql").read_text()
    blocks = _blocks(text, "-- fragment: ")
    return {
        name: "\n".join(line for line in sql.splitlines() if not line.startswith("--")) for name, sql in blocks.items()
    }


def of_month(statement: Statement, first: datetime, last: datetime) -> Statement:
    """The statement over the one month that has both times (UTC), as for nearly all batches; else over all months.

    Over all months PostgreSQL opens and locks each of them before it reads a row: with a year of history that costs a
    small batch more than all the rest (docs/adr/0012-hot-path.md). The first day of a month always uses all months: a
    plan that was made while the month was empty walks the whole month until it is analyzed again.
    """
    if (first.year, first.month) != (last.year, last.month) or first.day == 1:
        return statement
    return _in_month(statement, f"executions_{first:%Y_%m}")


@lru_cache(100)
def _in_month(statement: Statement, table: str) -> Statement:
    """The statement over one month. Raises ValueError without the two marks: it would silently run over all months."""
    sql, conditions = _ALL_MONTHS.subn("", statement.sql)
    if not conditions or _MONTH not in sql:
        raise ValueError(f"{statement.name} has no {_MONTH} or no /*all months:*/ ... /*:*/")
    return Statement(statement.name, sql.replace(_MONTH, table), statement.row)
