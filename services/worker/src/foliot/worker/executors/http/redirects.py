"""Redirects, followed by hand: the next request, or the reason why there is none."""

from typing import Final

import msgspec
from yarl import URL

from foliot.common.model.urls import MAX_URL, check_url
from foliot.worker.executors.http.sessions import RefusedTargetError

MAX_HOPS: Final = 3
"""Redirects that one attempt follows at most."""

_HARMLESS: Final = frozenset({"accept", "accept-encoding", "accept-language", "cache-control", "user-agent"})
"""Headers of the payload that may go to another origin; any other one may be a credential."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request of an attempt. `headers`: the payload's, and those that describe the body."""

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None


def follow(request: Request, status: int, location: str) -> Request:
    """Return the request that a redirect asks for.

    Raises `RefusedTargetError` if the next request would be less protected than this one, or is none.
    """
    url = _target(request.url, location)
    method, body = request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
    if _same_origin(request.url, url):
        headers = request.headers if body is request.body else _without_body(request.headers)
        return Request(method=method, url=url, headers=headers, body=body)
    if body is not None:
        raise RefusedTargetError(f"status {status} would send the body on to {url.origin()}; name that URL in the job")
    headers = {name: value for name, value in request.headers.items() if name.lower() in _HARMLESS}
    return Request(method=method, url=url, headers=headers, body=None)


def _target(base: URL, location: str) -> URL:
    if len(location) > MAX_URL:
        raise RefusedTargetError(f"redirect to a URL of more than {MAX_URL} characters")
    try:
        url = base.join(URL(location, encoded=location.isascii() and " " not in location))
        text = str(url)
    except ValueError as error:
        raise RefusedTargetError(f"redirect to something that is no URL: {error}") from error
    for _, message in check_url("", text):
        raise RefusedTargetError(f"redirect to a URL that {message}")
    if base.scheme == "https" and url.scheme != "https":
        raise RefusedTargetError(f"redirect from https to http at {url.host}")
    return url


def _same_origin(left: URL, right: URL) -> bool:
    if left.origin() == right.origin():
        return True
    upgraded = left.host == right.host and (left.scheme, right.scheme) == ("http", "https")
    return upgraded and left.is_default_port() and right.is_default_port()


def _without_body(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
