"""Hostile messages for the queues of a worker, drawn by chance: from nearly right to noise."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from foliot.common.broker.messages import LARGEST_BODY

IDS = (0, -1, 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**30)
TIMES = (
    0,
    -1,
    1,
    1_800_000_000_000_000,
    2**53,
    2**62,
    2**63,
    -(2**62),
    253_402_300_799_999_999,
    253_402_300_800_000_000,
)
ODD: tuple[Any, ...] = (None, True, "", "1", 1.5, 1e300, [], {}, [1], "\ud800", "\0", "x" * 300)


def drawn(chance: random.Random, known: list[list[int]]) -> bytes:
    """One message. `known`: executions that exist, as a dispatch names them."""
    return chance.choice(_KINDS)(chance, known)


def _dispatch(executions: Any, **more: Any) -> bytes:
    return json.dumps({"type": "dispatch", "executions": executions} | more).encode()


def _size(chance: random.Random) -> int:
    """Executions of one message: seldom as many as the scheduler sends, or more."""
    return chance.choice([250, 1_000]) if chance.random() < 0.02 else chance.choice([1, 1, 2, 5])


def _known(chance: random.Random, known: list[list[int]]) -> bytes:
    """Copies of executions that exist, some of them with a wrong time or twice."""
    picked = [list(chance.choice(known)) for _ in range(_size(chance))] if known else [[1, 1, 1, 1]]
    for one in picked:
        if chance.random() < 0.3:
            one[1] += chance.choice([1, -1, 3_600_000_000, -86_400_000_000])
    return _dispatch(picked)


def _unknown(chance: random.Random, known: list[list[int]]) -> bytes:
    """Executions that do not exist, at times of every century."""
    when = chance.randrange(-62_135_596_800_000_000, 253_402_300_799_999_999)
    return _dispatch([[chance.randrange(1, 2**63), when, 1, 1] for _ in range(_size(chance))])


def _bounds(chance: random.Random, known: list[list[int]]) -> bytes:
    return _dispatch([[chance.choice(IDS), chance.choice(TIMES), chance.choice(IDS), chance.choice(IDS)]])


def _types(chance: random.Random, known: list[list[int]]) -> bytes:
    one: list[Any] = [1, 1_800_000_000_000_000, 1, 1]
    one[chance.randrange(4)] = chance.choice(ODD)
    return _dispatch(chance.choice([[one], one, [[]], [], None, {}, [one[:3]], [[*one, 1]]]))


def _shape(chance: random.Random, known: list[list[int]]) -> bytes:
    kind = chance.choice(["dispatch", "dead_letter", "unreadable", "", None, 1, "Dispatch"])
    return json.dumps({chance.choice(["type", "kind", ""]): kind, "executions": chance.choice(ODD)}).encode()


def _mutated(chance: random.Random, known: list[list[int]]) -> bytes:
    body = bytearray(_dispatch([[1, 1_800_000_000_000_000, 1, 1]]))
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body[: chance.choice([len(body), chance.randrange(len(body))])])


def _noise(chance: random.Random, known: list[list[int]]) -> bytes:
    return chance.randbytes(chance.choice([0, 1, 20, 2_000]))


def _deep(chance: random.Random, known: list[list[int]]) -> bytes:
    return chance.choice([b"[", b'{"a":', b'{"executions":[']) * chance.choice([10, 900, 20_000])


def _large(chance: random.Random, known: list[list[int]]) -> bytes:
    """Rare, because a hundred thousand of them would measure the broker's disk."""
    if chance.random() > 0.02:
        return _noise(chance, known)
    return chance.choice([b" " * (LARGEST_BODY + 1), _dispatch([[1, 1, 1, 1]] * 40_000), b"9" * LARGEST_BODY])


_KINDS: tuple[Callable[[random.Random, list[list[int]]], bytes], ...] = (
    _known, _unknown, _bounds, _types, _shape, _mutated, _noise, _deep, _large,
)  # fmt: skip
