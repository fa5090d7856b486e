"""Parameters of a request, from its query and its path: read into their types, or refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.api.web.times import OUT_OF_RANGE, in_utc
from foliot.common.errors import FieldError, Invalid, NotFound

_DIGITS = len(str(LAST_ID))


def check_names(request: web.Request, allowed: Sequence[str]) -> None:
    """An unknown query parameter is an error, never ignored: a misspelt filter would show everything."""
    wrong = [name for name in request.query if name not in allowed]
    if wrong:
        known = ", ".join(allowed) or "none"
        raise Invalid([FieldError(name, f"is not a parameter here; the parameters are {known}") for name in wrong])
    if unreadable := sorted({name for name, value in request.query.items() if not _storable(value)}):
        words = "must be UTF-8 without the character NUL"
        raise Invalid([FieldError(name, words) for name in unreadable])


def _storable(text: str) -> bool:
    """PostgreSQL takes it as text. aiohttp keeps bytes that are not UTF-8 as surrogates, which have no encoding."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text))


def whole(text: str, most: int) -> int | None:
    """The whole number from 0 to `most` that the text writes in digits; None if it does not. int() alone would take
    other scripts' digits, and raise above 4,300 of them."""
    if len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number <= most else None


def choice(request: web.Request, name: str, options: Sequence[str]) -> str | None:
    value = request.query.get(name)
    if value is not None and value not in options:
        raise Invalid([FieldError(name, f"must be one of {', '.join(options)}")])
    return value


def choices(request: web.Request, name: str, options: Sequence[str]) -> list[str] | None:
    """Several, with commas between them."""
    text = request.query.get(name)
    if text is None:
        return None
    given = text.split(",")
    if unknown := [one for one in given if one not in options]:
        words = "must be one or several, with commas between them, of"
        raise Invalid([FieldError(name, f"{unknown[0][:40]!r} is none: {words} {', '.join(options)}")])
    return list(dict.fromkeys(given))


def labels(request: web.Request) -> dict[str, str]:
    """label=name=value, any number of times: a job must have all of them."""
    found = {}
    for text in request.query.getall("label", []):
        name, equals, value = text.partition("=")
        if not (name and equals) or "\0" in text or len(text) > 1_000:
            raise Invalid([FieldError("label", "must be name=value, such as label=env=prod")])
        found[name] = value
    return found


def text(request: web.Request, name: str, longest: int) -> str | None:
    given = request.query.get(name)
    if given is not None and not (1 <= len(given) <= longest and "\0" not in given):
        raise Invalid([FieldError(name, f"must have 1 to {longest} characters, without NUL")])
    return given


def number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    value = whole(text, LAST_ID)
    if value is None:
        raise Invalid([FieldError(name, f"must be a whole number from 0 to {LAST_ID}")])
    return value


def moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise Invalid([FieldError(name, "must be an RFC 3339 time such as 2030-01-31T09:00:00Z")])
    utc = in_utc(value)
    if utc is None:
        raise Invalid([FieldError(name, OUT_OF_RANGE)])
    return utc


def path_id(request: web.Request, name: str) -> int:
    """The id in the path. Text that is no id names nothing: NotFound."""
    text = request.match_info[name]
    value = whole(text, LAST_ID)
    if value is None:
        raise NotFound(f"there is no {name.removesuffix('_id')} {text[:40]}")
    return value
