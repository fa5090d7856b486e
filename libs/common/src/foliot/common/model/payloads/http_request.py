"""http_request: one HTTP request, which succeeds by the status of its answer."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from foliot.common.model.payloads.checks import SURROGATE, Wrong, anything, check_json, described
from foliot.common.model.payloads.job_type import JobType
from foliot.common.model.urls import MAX_URL, check_url

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS: Final = 64
MAX_HEADER_VALUE: Final = 8_000
"""Characters: many servers refuse a line of 8 KiB."""
MAX_STATUSES: Final = 32
RESERVED_HEADERS: Final = frozenset(
    {"connection", "content-length", "expect", "host", "http2-settings", "idempotency-key", "keep-alive"}
    | {"proxy-connection", "te", "traceparent", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the client library makes from the request itself, or that Foliot sets on every attempt."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
STATUS = re.compile(r"[1-9](xx|[0-9]{2})")
"""A status, or a class of them. HTTP knows none from 600 up, but servers send them, and they count as 5xx too."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request to send."""

    url: Annotated[str, described("http or https, without user:password@", maxLength=MAX_URL)]
    method: Annotated[str, described("HTTP method", enum=METHODS)] = "GET"
    headers: Annotated[dict[str, str], described("request headers", maxProperties=MAX_HEADERS)] = {}
    body: Annotated[
        Any,
        described(
            "null, text, or JSON (sent as application/json). JSON keeps its values, but neither the order of members "
            "nor the spelling of numbers: send a body that is signed as text"
        ),
    ] = None
    expected_status: Annotated[
        tuple[str, ...], described("204 or 2xx; what is above 599 counts as 5xx too", minItems=1, maxItems=MAX_STATUSES)
    ] = ("2xx",)
    follow_redirects: Annotated[
        bool, described("go where a 3xx answer points; each hop is checked, cookies go along")
    ] = False


def _check_method(path: str, method: str) -> Iterator[Wrong]:
    if method not in METHODS:
        yield path, f"must be one of {', '.join(METHODS)}"


def _check_headers(path: str, headers: dict[str, str]) -> Iterator[Wrong]:
    if len(headers) > MAX_HEADERS:
        yield path, f"has more than {MAX_HEADERS} headers"
        return
    seen: set[str] = set()
    for name, value in headers.items():
        key = name.lower()
        if not _TOKEN.fullmatch(name):
            yield path, f"{name[:64]!a} is not a header name; use letters, digits and hyphens"
            continue
        if key in RESERVED_HEADERS or key.startswith("x-foliot-"):
            yield f"{path}.{name}", "is set by Foliot; leave it out"
        if key in seen:
            yield f"{path}.{name}", "is given twice; names do not differ by case"
        seen.add(key)
        if _CONTROL.search(value) or SURROGATE.search(value):
            yield f"{path}.{name}", "must not contain line breaks or other control characters"
        if len(value) > MAX_HEADER_VALUE:
            yield f"{path}.{name}", f"is longer than {MAX_HEADER_VALUE} characters"


def _check_expected_status(path: str, statuses: tuple[str, ...]) -> Iterator[Wrong]:
    if not 0 < len(statuses) <= MAX_STATUSES:
        yield path, f"must list 1 to {MAX_STATUSES} statuses"
    for index, status in enumerate(statuses[:MAX_STATUSES]):
        if not STATUS.fullmatch(status):
            yield f"{path}[{index}]", 'must be a class such as "2xx" or a status such as "204"'


JOB_TYPE: Final = JobType(
    name="http_request",
    payload=HttpRequest,
    does="Sends one HTTP request.",
    succeeds="the answer's status matches `expected_status`",
    checks={
        "url": check_url, "method": _check_method, "headers": _check_headers, "body": check_json,
        "expected_status": _check_expected_status, "follow_redirects": anything,
    },
)  # fmt: skip
