"""Query strings: read into the Struct that an operation declares, every wrong parameter named with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import inspect

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.numbers import whole
from foliot.api.web.times import OUT_OF_RANGE, in_utc
from foliot.common.errors import FieldError, Invalid


class _Wrong(ValueError):
    """A value that cannot be read: its words follow the parameter's name."""


class Given(Protocol):
    """A query string: names, each with its values."""

    def __iter__(self) -> Any: ...

    def getall(self, name: str) -> Sequence[str]: ...


_Read = Callable[[Sequence[str]], Any]
"""Makes the value of all the texts that a parameter was given. Raises _Wrong."""


def reader_of(shape: type[msgspec.Struct] | None) -> Callable[[Any], Any]:
    """A reader of query strings. It raises Invalid; an unknown parameter is an error, never ignored: a misspelt filter
    would show everything."""
    fields = [] if shape is None else msgspec.structs.fields(shape)
    readers = {field.encode_name: (field.name, _reader(inspect.type_info(field.type))) for field in fields}

    def read(given: Given | dict[str, Any]) -> Any:
        values, errors = {}, _unknown(given, readers)
        for name in dict.fromkeys(given):
            if name not in readers:
                continue
            field, one = readers[name]
            texts = given.getall(name)  # type: ignore[union-attr]
            try:
                values[field] = one(texts)
            except _Wrong as wrong:
                errors.append(FieldError(name, str(wrong)))
        if errors:
            raise Invalid(errors)
        return None if shape is None else shape(**values)

    return read


def _unknown(given: Any, known: dict[str, Any]) -> list[FieldError]:
    names = ", ".join(known) or "none"
    wrong = [name for name in dict.fromkeys(given) if name not in known]
    return [FieldError(name, f"is not a parameter here; the parameters are {names}") for name in wrong]


def _reader(kind: inspect.Type) -> _Read:
    """The reader of a parameter of this type."""
    match kind:
        case inspect.Metadata():
            return _reader(kind.type)
        case inspect.UnionType():
            return _reader(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.DictType():
            return _labels
        case inspect.VarTupleType():
            return lambda texts: _choices(_storable(texts[0]), _options(kind.item_type))
    read = _single(kind)
    return lambda texts: read(_storable(texts[0]))


def _single(kind: inspect.Type) -> Callable[[str], Any]:
    """The reader of a type that has one value."""
    if isinstance(kind, inspect.IntType):
        least, most = kind.ge or 0, LAST_ID if kind.le is None else kind.le
        return lambda text: _number(text, least, most)
    if isinstance(kind, inspect.StrType):
        shortest, longest = kind.min_length or 0, kind.max_length
        return lambda text: _text(text, shortest, longest)
    if isinstance(kind, inspect.DateTimeType):
        return _moment
    if isinstance(kind, inspect.BoolType):
        return lambda text: _choice(text, ("true", "false")) == "true"
    options = _options(kind)
    return lambda text: _choice(text, options)


def _options(kind: inspect.Type) -> list[str]:
    if isinstance(kind, inspect.EnumType):
        return list(kind.cls)
    assert isinstance(kind, inspect.LiteralType), kind
    return [str(value) for value in kind.values]


def _storable(text: str) -> str:
    """PostgreSQL takes it as text. aiohttp keeps bytes that are not UTF-8 as surrogates, which have no encoding."""
    if "\0" in text or not (text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)):
        raise _Wrong("must be UTF-8 without the character NUL")
    return text


def _choice(text: str, options: Sequence[str]) -> str:
    if text not in options:
        raise _Wrong(f"must be one of {', '.join(options)}")
    return text


def _choices(text: str, options: Sequence[str]) -> tuple[str, ...]:
    """Several, with commas between them."""
    given = text.split(",")
    if unknown := [one for one in given if one not in options]:
        words = "must be one or several, with commas between them, of"
        raise _Wrong(f"{unknown[0][:40]!r} is none: {words} {', '.join(options)}")
    return tuple(dict.fromkeys(given))


def _labels(texts: Sequence[str]) -> dict[str, str]:
    """label=name=value, any number of times: a job must have all of them."""
    found = {}
    for text in map(_storable, texts):
        name, equals, value = text.partition("=")
        if not (name and equals) or len(text) > 1_000:
            raise _Wrong("must be name=value, such as label=env=prod")
        found[name] = value
    return found


def _text(text: str, shortest: int, longest: int | None) -> str:
    if len(text) < shortest or (longest is not None and len(text) > longest):
        raise _Wrong(f"must have {shortest} to {longest} characters")
    return text


def _number(text: str, least: int, most: int) -> int:
    value = whole(text, most)
    if value is None or value < least:
        raise _Wrong(f"must be a whole number from {least} to {most}")
    return value


def _moment(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise _Wrong("must be an RFC 3339 time such as 2030-01-31T09:00:00Z")
    utc = in_utc(value)
    if utc is None:
        raise _Wrong(OUT_OF_RANGE)
    return utc
