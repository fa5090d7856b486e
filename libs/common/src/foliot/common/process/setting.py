"""One setting: a field of a service's config Struct, whose annotations carry its bounds, unit and meaning."""

from __future__ import annotations

import ipaddress
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import NODEFAULT, Meta

PREFIX = "FOLIOT_"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Secret(str):
    """A string that does not show itself in logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


class AtMost(msgspec.Struct, frozen=True):
    """An upper bound given by another setting: its value divided by `parts`."""

    of: str
    parts: int


_FROM_TEXT: dict[Any, Callable[[str], Any]] = {Secret: Secret, Network: ipaddress.ip_network}
"""Type that msgspec does not know -> function that makes one of text."""
_KINDS = {int: "whole number", float: "number", str: "text", Secret: "secret", Network: "network"}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `base`: the type of one value. `is_list`: the variable holds several, separated by commas. `notes`:
    the arguments of its Meta. Their `extra` has `unit`, `form` (the allowed texts, in words) and `default` (a computed
    default, in words)."""

    field: str
    base: Any
    is_list: bool
    notes: Mapping[str, Any]
    at_most: AtMost | None
    default: Any
    default_factory: Any

    @property
    def variable(self) -> str:
        return variable(self.field)

    @property
    def required(self) -> bool:
        return self.default is NODEFAULT and self.default_factory is NODEFAULT

    @property
    def meaning(self) -> str:
        return str(self.notes["description"])

    @property
    def unit(self) -> str:
        return str(self.notes["extra"].get("unit", ""))

    @property
    def kind(self) -> str:
        one = "choice" if typing.get_origin(self.base) is Literal else _KINDS[self.base]
        return f"list of {one}s" if self.is_list else one

    @property
    def bounds(self) -> str:
        """The allowed values in words, without the unit."""
        if typing.get_origin(self.base) is Literal:
            *others, last = typing.get_args(self.base)
            return f"{', '.join(others)} or {last}"
        if self.base not in (int, float):
            return str(self.notes["extra"]["form"])
        part = f", at most 1/{self.at_most.parts} of {variable(self.at_most.of)}" if self.at_most else ""
        return f"{self.notes['ge']:.15g} to {self.notes['le']:.15g}{part}"

    @property
    def remedy(self) -> str:
        """The instruction to an operator who gave a wrong value."""
        number = f"a {self.kind}, " if self.base in (int, float) else ""
        many = f"{self.notes.get('min_length', 0)} or more, separated by commas, each " if self.is_list else ""
        return f"set {many}{number}{self.bounds}" + (f" ({self.unit})" if self.unit else "")

    def parse(self, text: str) -> Any:
        """The value of the variable's text. Raises ValueError if it is out of bounds."""
        if not self.is_list:
            return self._one(text)
        values = tuple(self._one(part.strip()) for part in text.split(",") if part.strip())
        if len(values) < self.notes.get("min_length", 0):
            raise ValueError("too few")
        return values

    def _one(self, text: str) -> Any:
        limits = Meta(**{name: self.notes[name] for name in ("ge", "le", "pattern") if name in self.notes})
        known = str if self.base in _FROM_TEXT else self.base
        value = msgspec.convert(text, Annotated[known, limits], strict=False)
        return _FROM_TEXT[self.base](value) if self.base in _FROM_TEXT else value


def variable(field: str) -> str:
    """The name of the environment variable of a field."""
    return PREFIX + field.upper()


def settings(config_type: type[msgspec.Struct]) -> Iterator[Setting]:
    """The settings of a config Struct, in the order of its fields."""
    hints = typing.get_type_hints(config_type, include_extras=True)
    for field in msgspec.structs.fields(config_type):
        base, is_list, notes = _unwrap(hints[field.name])
        yield Setting(
            field=field.name,
            base=base,
            is_list=is_list,
            notes=_merge([note for note in notes if isinstance(note, Meta)]),
            at_most=next((note for note in notes if isinstance(note, AtMost)), None),
            default=field.default,
            default_factory=field.default_factory,
        )


def _unwrap(hint: Any) -> tuple[Any, bool, list[Any]]:
    """(Type of one value, True if the variable holds several, annotations from the inside out)."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        base, is_list, notes = _unwrap(arguments[0])
        return base, is_list, [*notes, *arguments[1:]]
    if types.NoneType in arguments:
        return _unwrap(next(option for option in arguments if option is not types.NoneType))
    if origin is tuple:
        base, _, notes = _unwrap(arguments[0])
        return base, True, notes
    return hint, False, []


def _merge(metas: list[Meta]) -> dict[str, Any]:
    """The arguments of several Meta; the outer ones win."""
    merged: dict[str, Any] = {"extra": {}}
    for meta in metas:
        given = {name: getattr(meta, name) for name in ("ge", "le", "pattern", "min_length", "description")}
        merged |= {name: value for name, value in given.items() if value is not None}
        merged["extra"] = merged["extra"] | (meta.extra or {})
    return merged
