"""Types in words: what a field must be, as the error says it that a wrong value gets.

The words come from the field's type and its Meta, never from the library that found the fault: they name every bound,
the unit (`extra={"unit": ...}`) and the form (`extra={"form": ...}`), whichever of them the value has missed.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

MAX_FAULTS = 20
"""Wrong elements of one value that are named."""


def must_be(hint: Any) -> str:
    return f"must be {_words(inspect.type_info(hint))}"


def faults(path: str, value: Any, hint: Any) -> Iterator[tuple[str, str]]:
    """(path, message) for each wrong element of a list or an object; for `value` itself where it is neither."""
    found = 0
    element = _element(hint)
    if element is not None and isinstance(value, (dict, list)):
        named = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, one in named:
            if found < MAX_FAULTS and not _fits(one, element):
                found += 1
                place = f".{name[:64]}" if isinstance(name, str) else f"[{name}]"
                yield path + place, must_be(element)
    if not found:
        yield path, must_be(hint)


def _fits(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True


def _element(hint: Any) -> Any:
    """The type of the elements of a list or of the values of an object; None for other types."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _element(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return next((found for one in arguments if (found := _element(one)) is not None), None)
    if origin is dict:
        return arguments[1]
    return arguments[0] if origin in (list, tuple) else None


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata():
            extra = kind.extra or {}
            unit, form = extra.get("unit"), extra.get("form")
            words = _words(kind.type) + (f", {form}" if form else "") + (f" ({unit})" if unit else "")
        case inspect.UnionType():
            words = " or ".join(_words(one) for one in kind.types)
        case inspect.IntType():
            words = "a whole number" + _range(kind)
        case inspect.FloatType():
            words = "a number" + _range(kind)
        case inspect.StrType():
            words = "text" + _size(kind, "characters")
        case inspect.DictType():
            words = "an object" + _of(kind.value_type)
        case inspect.ListType() | inspect.VarTupleType():
            words = "a list" + _of(kind.item_type) + _size(kind, "elements")
        case _:
            words = _simple(kind)
    return words


def _simple(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        return f"one of {', '.join(map(str, kind.values))}"
    if isinstance(kind, inspect.EnumType):
        return f"one of {', '.join(str(member.value) for member in kind.cls)}"
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.DateTimeType):
        return "an RFC 3339 time such as 2030-01-31T09:00:00Z"
    return "null" if isinstance(kind, inspect.NoneType) else "JSON"


def _of(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.AnyType):
        return ""
    plural = {inspect.StrType: "texts", inspect.IntType: "whole numbers"}
    return f" of {plural.get(type(kind), _words(kind))}"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {_number(kind.ge)} to {_number(kind.le)}"
    above = f" above {_number(kind.gt)}" if kind.gt is not None else ""
    at_least = f" of at least {_number(kind.ge)}" if kind.ge is not None else ""
    at_most = f"{' and' if above else ''} of at most {_number(kind.le)}" if kind.le is not None else ""
    return above + at_least + at_most


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def _size(kind: inspect.StrType | inspect.ListType | inspect.VarTupleType, what: str) -> str:
    least, most = kind.min_length, kind.max_length
    if least is not None and most is not None:
        return f" of {least} to {most} {what}"
    if most is not None:
        return f" of at most {most} {what}"
    return f" of at least {least} {what}" if least is not None else ""
