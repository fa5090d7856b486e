"""Parameters of a request, from its query and its path: read into their types, or refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from foliot.api.queries.bounds import LAST_ID
from foliot.common.errors import FieldError, Invalid, NotFound


def check_names(request: web.Request, allowed: Sequence[str]) -> None:
    """An unknown query parameter is an error, never ignored: a misspelt filter would show everything."""
    wrong = [name for name in request.query if name not in allowed]
    if wrong:
        known = ", ".join(allowed) or "none"
        raise Invalid([FieldError(name, f"is not a parameter here; the parameters are {known}") for name in wrong])


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
    if not text.isascii() or not text.isdigit() or int(text) > LAST_ID:
        raise Invalid([FieldError(name, "must be a whole number")])
    return int(text)


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
    return value


def path_id(request: web.Request, name: str) -> int:
    """The id in the path. Text that is no id names nothing: NotFound."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or int(text) > LAST_ID:
        raise NotFound(f"there is no {name.removesuffix('_id')} {text[:40]}")
    return int(text)
