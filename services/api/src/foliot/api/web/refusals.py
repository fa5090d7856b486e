"""Answers to what never became a request: problems like all others, in words that repeat nothing of what was sent."""

from __future__ import annotations

import structlog
from aiohttp import http_exceptions as unreadable
from aiohttp import web

from foliot.api import events, metrics
from foliot.api.web.problems import problem
from foliot.api.web.request_ids import X_REQUEST_ID, request_id

MAX_LINE = 8_190
"""Bytes of a request line, and of a header: aiohttp's own bound."""
UNKNOWN_ENCODING = "the Content-Encoding is not known: send gzip, deflate or none"
_DETAILS: tuple[tuple[type[BaseException], str], ...] = (
    (unreadable.LineTooLong, f"the request line, or a header, is longer than {MAX_LINE} bytes"),
    (unreadable.InvalidURLError, "the target is not a path such as /v1/jobs"),
    (unreadable.InvalidHeader, "a header is malformed: look for control characters and line breaks in it"),
    (unreadable.BadHttpMethod, "the method is not known: GET, POST, PUT, PATCH and DELETE are used here"),
    (UnicodeError, "the target, or a header, is not UTF-8"),
    (unreadable.PayloadEncodingError, "the length of the body, or a chunk of it, is malformed"),
)
"""(error of the parser, words); the first that fits counts."""
_OTHERWISE = (
    "this is not an HTTP/1.1 request: it needs a request line with a version, one Host header, lines that end in CRLF, "
    "and either Content-Length or Transfer-Encoding"
)
_log = structlog.get_logger()


def refuse(status: int, error: BaseException | None) -> web.Response:
    """The answer to bytes that are no request (400), to an encoding (415) or an Expect (417) that is not known; and to
    an error outside of the middleware (500)."""
    made = request_id()
    response = _answer(status, error, made)
    response.headers[X_REQUEST_ID] = made
    metrics.requests("other", "unknown", response.status).inc()
    return response


def _answer(status: int, error: BaseException | None, made: str) -> web.Response:
    name = type(error).__name__
    if isinstance(error, UnicodeError):  # aiohttp repeats an unknown Expect in an error of its own
        status = 400
    if status >= 500:
        _log.error(events.REQUEST_FAILED, request_id=made, error=name)
        return problem(500, "internal", "this is a bug of Foliot; the log line with this request_id tells more", made)
    _log.info(events.REQUEST_REFUSED, request_id=made, error=name)
    if isinstance(error, unreadable.ContentEncodingError):
        return problem(415, "unsupported_media_type", UNKNOWN_ENCODING, made)
    if status == 417:
        return problem(417, "expectation_failed", "the only Expect that can be met is 100-continue", made)
    detail = next((words for kind, words in _DETAILS if isinstance(error, kind)), _OTHERWISE)
    return problem(status, "malformed", detail, made)
