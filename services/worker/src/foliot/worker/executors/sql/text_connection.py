"""A connection on which every value travels as PostgreSQL's own text, in both directions.

asyncpg asks for binary values and turns them into Python objects. They cannot hold what PostgreSQL can: dates before
year 1, after 9999 or infinite, months in an interval. Its public codecs do not reach arrays, ranges and composites, so
this class sets codecs where asyncpg looks for them, and answers for it when it meets a type that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
from asyncpg.protocol.protocol import BUILTIN_TYPE_OID_MAP

from foliot.worker.executors.sql.values import Read, array_reader, cut, reader

if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection


class PgType(NamedTuple):
    """A type of a parameter or a column; `element` and `delimiter` are those of an array."""

    name: str
    read: Read
    element: PgType | None = None
    delimiter: str = ","


class TextConnection(_Connection):
    """`speak_text` must be called before the first statement."""

    def speak_text(self) -> None:
        """Know PostgreSQL's own types; types of a database are looked up when they are met."""
        self.types: dict[int, PgType] = {}
        for oid, name in BUILTIN_TYPE_OID_MAP.items():
            scalar = name.removesuffix("[]")
            kind = PgType(scalar, reader(scalar))
            self._know(oid, kind if scalar == name else _array_of(kind, ","))

    async def _introspect_types(self, typeoids: Any, timeout: float | None) -> Any:
        """Called by asyncpg with what it does not know; the answer leaves it nothing to make codecs of."""
        inherited: Any = super()
        found, statement = await inherited._introspect_types(typeoids, timeout)
        for row in found:  # elements and base types first
            self._know(row["oid"], self._type_of(row))
        return [], statement

    def _type_of(self, row: Mapping[str, Any]) -> PgType:
        if row["basetype"]:
            return self.types[row["basetype"]]
        if row["elemtype"] and row["elemdelim"]:
            return _array_of(self.types[row["elemtype"]], row["elemdelim"].decode())
        return PgType(row["name"], cut)

    def _know(self, oid: int, kind: PgType) -> None:
        if oid not in self.types:
            self.types[oid] = kind
            same: Callable[[str], str] = str
            inside: Any = self
            inside._protocol.get_settings().add_python_codec(oid, kind.name, "", [], "scalar", same, kind.read, "text")


def _array_of(element: PgType, delimiter: str) -> PgType:
    return PgType(f"{element.name}[]", array_reader(element.read, delimiter), element, delimiter)
