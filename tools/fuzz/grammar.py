"""The requests of a campaign: request `number` of a seed is always the same bytes."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import orjson

from fuzz.values import BODIES, FIELDS, HEADERS, HOSTILE_CURSORS, HOSTILE_TEXTS, RIGHT, TIMES, WHOLE

Route = tuple[str, str]
"""(method, path as it is declared)."""


REQUESTS_PER_JOB = 49
"""Most creations are refused: about so many requests make one job."""
CREATION: Route = ("POST", "/v1/jobs")
"""Asked more often than others: without jobs there is nothing to do anything to."""


class Surface(msgspec.Struct, frozen=True):
    """What the application offers: its routes, and the parameters of each."""

    routes: Sequence[Route]
    parameters: Mapping[Route, Sequence[str]]


class Made(msgspec.Struct, frozen=True):
    """One request. `whole`: its bytes are a request that must be answered. `last`: its connection may end after it."""

    data: bytes
    method: str
    whole: bool = True
    last: bool = False


def make(number: int, seed: str, surface: Surface, key: str) -> Made:
    rng = random.Random(f"{seed}:{number}")
    method, path = CREATION if rng.random() < 0.15 else rng.choice(surface.routes)
    target = re.sub(r"\{[^}]*\}", lambda _: _id(rng, number), path)
    if (known := surface.parameters[(method, path)]) and rng.random() < 0.8:
        target += "?" + "&".join(_parameter(rng, rng.choice(known)) for _ in range(rng.randint(1, 4)))
    headers = [f"Authorization: Bearer {key}"]
    body = b""
    if method not in ("GET", "HEAD"):
        body = b"" if (method, path) != CREATION and rng.random() < 0.3 else _body(rng)
        headers += [f"Content-Length: {len(body)}", f"Content-Type: {_content_type(rng)}"]
    headers += rng.sample(HEADERS, rng.choice((0, 0, 0, 1, 2)))
    rng.shuffle(headers)
    head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *headers, "", ""])
    data = head.encode("utf-8", "surrogateescape") + body
    if rng.random() < 0.05:
        return Made(_damaged(rng, data), method, whole=False, last=True)
    return Made(data, method, last=bool(re.search("Connection|Expect|Transfer-Encoding|Upgrade", head)))


def _id(rng: random.Random, number: int) -> str:
    """Small ones, which executions have, and those of jobs that were made lately: older ones are deleted by now."""
    if (kind := rng.random()) < 0.3:
        return str(rng.randint(1, 60))
    if kind < 0.8:
        lately = number // REQUESTS_PER_JOB
        return str(rng.randint(max(1, lately - 100), lately + 20))
    return quote(rng.choice((*WHOLE, *HOSTILE_TEXTS)), safe="", errors="surrogatepass")


def _parameter(rng: random.Random, name: str) -> str:
    kinds: dict[str, Sequence[str]] = {
        "cursor": HOSTILE_CURSORS, "limit": ("1", "200", *WHOLE), "from": TIMES, "to": TIMES, "created_after": TIMES,
        "created_before": TIMES, "status": ("RUNNING", "QUEUED", "PENDING", "SKIPPED", "FAILED"), "job_id": WHOLE,
        "sort": ("job_name", "next_run_time", "created_at"), "label": ("a=b", "a=", "=", "team=x"), "priority": WHOLE,
    }  # fmt: skip
    value = rng.choice(kinds.get(name, HOSTILE_TEXTS) if rng.random() < 0.8 else (*HOSTILE_TEXTS, *WHOLE, *TIMES))
    if name == "cursor" and rng.random() < 0.5:
        parts = [
            rng.choice((1, 2**31, 2**63 - 1, "2026-01-01T00:00:00+00:00", "x", None)) for _ in range(rng.randint(0, 3))
        ]
        value = base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")
    return f"{name}={quote(value, safe='', errors='surrogatepass')}"


def _body(rng: random.Random) -> bytes:
    if rng.random() < 0.15:
        return rng.choice(BODIES)
    names = list(FIELDS)
    body: dict[str, Any] = {
        "job_name": "fuzz",
        "job_type": "script",
        "schedule": "0 9 * * *",
        "payload": {"script": "true"},
    }
    if (kind := rng.random()) < 0.3:
        body |= {name: FIELDS[name][0] for name in rng.sample(names, 2) if name in RIGHT}
        return orjson.dumps(body)
    if kind < 0.7:
        body = {}
    for name in rng.sample(names, rng.randint(0, 5)):
        body[name] = _value(rng, name)
    return orjson.dumps(body)


def _value(rng: random.Random, name: str) -> Any:
    if rng.random() < 0.75:
        return rng.choice(FIELDS[name])
    wild: tuple[Any, ...] = (
        None,
        True,
        -1,
        0,
        2**63 - 1,
        1e308,
        0.1,
        "",
        "x" * 300,
        "\u2028",
        [],
        [None],
        {},
        {"a": None},
    )
    return rng.choice((*wild, *TIMES, _nested(rng)))


def _nested(rng: random.Random) -> Any:
    value: Any = rng.choice((1, "x", None))
    for _ in range(rng.choice((2, 60, 70, 100))):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def _content_type(rng: random.Random) -> str:
    usual = ("application/json", "application/merge-patch+json")
    return rng.choice(
        usual
        if rng.random() < 0.95
        else ("text/plain", "application/json; charset=latin-1", "x", "multipart/form-data")
    )


def _damaged(rng: random.Random, data: bytes) -> bytes:
    """A few bytes changed, cut out or doubled."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(damaged))
        match rng.randrange(3):
            case 0:
                damaged[at] = rng.randrange(256)
            case 1:
                del damaged[at : at + rng.randint(1, 20)]
            case _:
                damaged[at:at] = damaged[at : at + rng.randint(1, 20)]
        if not damaged:
            return b"\r\n\r\n"
    return bytes(damaged)
