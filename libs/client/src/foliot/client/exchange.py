"""One request until it has an answer, retries included, as a generator of steps: pure, so both transports share it.

A transport does each step and sends back what came of it: a Reply or Lost for a Call, None for a Pause.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Generator, Mapping
from typing import Any, Final

import msgspec

from foliot.client.errors import Away, refusal
from foliot.client.request import Request

ATTEMPTS: Final = 4
_AGAIN: Final = frozenset({429, 502, 503, 504})
_FIRST_DELAY: Final = 0.25
_LONGEST_DELAY: Final = 30.0


class Call(msgspec.Struct, frozen=True):
    """Send this."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None


class Pause(msgspec.Struct, frozen=True):
    """Wait so long."""

    seconds: float


class Reply(msgspec.Struct, frozen=True):
    """An answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(msgspec.Struct, frozen=True):
    """No answer, and why."""

    reason: str


Steps = Generator[Call | Pause, Reply | Lost | None, Reply]


def exchange(request: Request[Any], key: str | None, attempts: int = ATTEMPTS) -> Steps:
    """Returns the answer, raises Refused or Away. `key`: the caller's API key."""
    call = _call_of(request, key)
    for number in range(1, attempts + 1):
        answer = yield call
        assert answer is not None, "a Call is answered"
        last = number == attempts or not request.repeatable
        if isinstance(answer, Reply) and answer.status < 300:
            return answer
        if isinstance(answer, Reply) and (last or answer.status not in _AGAIN):
            raise refusal(answer.status, answer.body)
        if isinstance(answer, Lost) and last:
            raise Away(answer.reason)
        yield Pause(_delay(number, answer))
    raise AssertionError("at least one attempt")


def _call_of(request: Request[Any], key: str | None) -> Call:
    """Every attempt carries the same Idempotency-Key, so that what is sent twice happens once."""
    headers = {name: value for name, value in request.headers.items() if value is not None}
    headers["Accept"] = "application/json"
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if request.keyed:
        headers.setdefault("Idempotency-Key", secrets.token_hex(16))
    if request.body is None:
        return Call(request.method, request.target, headers, None)
    headers["Content-Type"] = request.content_type
    return Call(request.method, request.target, headers, msgspec.json.encode(request.body))


def _delay(number: int, answer: Reply | Lost) -> float:
    """What the server asks for, else longer each time and spread, so that clients do not come back at once."""
    asked = answer.headers.get("retry-after", "") if isinstance(answer, Reply) else ""
    if asked.isdigit():
        return min(float(asked), _LONGEST_DELAY)
    spread = 0.5 + random.random()  # noqa: S311 (no secret)
    return min(float(_FIRST_DELAY * 2**number * spread), _LONGEST_DELAY)
