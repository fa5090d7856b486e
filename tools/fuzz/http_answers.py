"""Hostile answers to HTTP requests, each drawn from a seed and a number."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random
from typing import NamedTuple

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n"


class Hostile(NamedTuple):
    """What a server sends for one request, and how."""

    kind: str
    start: bytes
    flood: bytes = b""
    """Sent again and again after `start`, up to `FLOOD` bytes."""
    drip: bool = False
    """A byte at a time, one each millisecond."""
    end: str = "close"
    """`close`, `reset`, `keep` (the connection stays open for another request) or `hang` (until the client goes)."""


FLOOD = 8 * 1024 * 1024


def drawn(seed: str, number: int) -> Hostile:
    random = Random(f"{seed}/{number}")
    made = random.choice(KINDS)(random)
    end = random.choices(("close", "reset", "keep", "hang"), (6, 2, 4, 1))[0]
    if made.flood:
        return made._replace(end=end)
    if random.random() < 0.35:
        made = made._replace(kind=f"{made.kind}, changed", start=_changed(random, made.start))
    return made._replace(drip=len(made.start) < 2_000 and random.random() < 0.05, end=end)


def _status(random: Random) -> bytes:
    code = random.choice(
        (0, 1, 99, 100, 101, 103, 199, 204, 205, 206, 226, 299, 304, 404, 418, 429, 500, 599, 600, 999)
    )
    return b"HTTP/1.1 %03d %s\r\n" % (code, random.choice((b"", b"Fine", b"\xff\xfe", b"r" * 20_000)))


def _good(random: Random) -> Hostile:
    body = random.randbytes(random.choice((0, 1, 100, 5_000, 70_000, 70_000, 1_500_000)))
    return Hostile("good", OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def _statuses(random: Random) -> Hostile:
    body = random.choice((b"", b"hello"))
    return Hostile("status", _status(random) + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def _chunks(random: Random) -> Hostile:
    size = random.choice((1, 7, 1_000, 60_000))
    chunk = b"%x%s\r\n%s\r\n" % (size, random.choice((b"", b";a=b", b" ")), random.randbytes(size))
    trailer = random.choice((b"", b"X: y\r\n", b"X: y\r\n" * 200))
    return Hostile(
        "chunks", CHUNKED + chunk * random.choice((1, 20, 1 + 200_000 // size)) + b"0\r\n" + trailer + b"\r\n"
    )


BODIES = (
    *(
        encode(clear)
        for clear in (b"", b"text " * 1_000, gzip.compress(b"x"))
        for encode in (gzip.compress, zlib.compress)
    ),
    zlib.compress(b"text")[2:-4],
    gzip.compress(b"text " * 1_000)[:-9],
    gzip.compress(bytes(50_000_000), 1),
    gzip.compress(b"") * 2,
    gzip.compress(b"") * 20_000,
    b"no encoding",
)


def _encoded(random: Random) -> Hostile:
    encoding = random.choice((b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"x", b"identity"))
    body = random.choice(BODIES)
    return Hostile("encoded", OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body)) + body)


def _headers(random: Random) -> Hostile:
    names = (
        b"Location",
        b"Retry-After",
        b"Date",
        b"Set-Cookie",
        b"Link",
        b"Content-Length",
        b"X",
        b"Connection",
        b"\xff",
    )
    value = random.choice(
        (b"a", b"//" * 8_000, b"a@" * 8_000, b"?#" * 8_000, b"9" * 400, b"\xed\xa0\x80", b"; " * 8_000)
    )
    lines = b"".join(b"%s: %s\r\n" % (random.choice(names), value) for _ in range(random.choice((1, 5, 15, 200))))
    return Hostile("headers", random.choice((OK, b"HTTP/1.1 302 Found\r\n")) + lines + b"\r\n")


def _redirect(random: Random) -> Hostile:
    target = random.choice(
        (
            b"/%d" % random.randrange(10**6),
            b"?",
            b"/a" * 4_000,
            b"//" + b"a." * 3_000,
            "//ü.".encode() * 50,
            b"http://[::1",
            b"",
        )
    )
    cookies = b"".join(
        b"Set-Cookie: %s\r\n"
        % random.choice((b"a=b", b"a", b"=" * 3_000, b'a="' + b"\\1" * 1_000, b"a=b; Max-Age=" + b"9" * 900))
        for _ in range(random.randrange(30))
    )
    return Hostile(
        "redirect", b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\n" + cookies + b"Content-Length: 0\r\n\r\n"
    )


def _extra(random: Random) -> Hostile:
    extra = random.choice((b"x", OK, OK + b"Content-Length: 0\r\n\r\n", b"\0" * 1_000))
    return Hostile("extra", OK + b"Content-Length: 2\r\n\r\nhi" + extra * random.choice((1, 1_000)))


def _noise(random: Random) -> Hostile:
    return Hostile("noise", random.choice((b"", OK)) + random.randbytes(random.choice((0, 10, 5_000))))


def _flood(random: Random) -> Hostile:
    empty = zlib.compressobj(1, zlib.DEFLATED, 31).flush(zlib.Z_SYNC_FLUSH)
    start, flood = random.choice(
        (
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (b"", b"HTTP/1.1 102\r\nContent-Length: 1\r\n\r\nx"),
            (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
            (b"", b"\r\n"),
            (b"", b"\n\r"),
            (b"", b"HTTP/1.1 204\n\n"),
            (b"HTTP/1.1 200 ", b"r"),
            (OK, b"X: a\r\n"),
            (OK, b"X:\r\n \r\n"),
            (OK + b"X: ", b"a"),
            (OK + b"\r\n", b"body"),
            (OK + b"Content-Length: 0\r\n\r\n", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
            (CHUNKED, b"1\r\nx\r\n"),
            (CHUNKED, b"1;a=b\r\nx\r\n"),
            (CHUNKED + b"1;", b"a"),
            (CHUNKED, b"0" * 100),
            (CHUNKED + b"0\r\n", b"X: a\r\n"),
            (
                GZIP + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(empty), empty),
                b"5\r\n\0\0\0\xff\xff\r\n",
            ),
            (GZIP + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n\0\r\n"),
            (GZIP + b"\r\n", gzip.compress(b"")),
        )
    )
    return Hostile("flood", start, flood * (1 + 4_096 // len(flood)))


def _changed(random: Random, answer: bytes) -> bytes:
    """Change a few bytes: flip, cut out, double or insert."""
    changed = bytearray(answer)
    for _ in range(random.choice((1, 2, 10))):
        at = random.randrange(min(len(changed), 400) + 1)
        match random.randrange(4):
            case 0:
                changed[at : at + 1] = random.randbytes(1)
            case 1:
                del changed[at : at + random.choice((1, 2, 20))]
            case 2:
                changed[at:at] = changed[at : at + random.choice((1, 10, 100))]
            case _:
                changed[at:at] = random.choice(
                    (b"\r\n", b"\n", b"\r\n\r\n", b":", b"\0", b" ", b"Content-Length: 5\r\n")
                )
    return bytes(changed)


KINDS: tuple[Callable[[Random], Hostile], ...] = (
    _good, _statuses, _chunks, _encoded, _headers, _redirect, _extra, _noise, _flood, _flood,
)  # fmt: skip
