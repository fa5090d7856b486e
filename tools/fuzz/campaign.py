"""A campaign: callers that send requests side by side, judge every answer, and keep count."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from fuzz.grammar import Made, Surface, make
from support.raw_http import Answer, read_answer

CALLERS = 8
ANSWER_SECONDS = 30.0
"""Time for an answer; a connection that gives none is a failure."""
DAMAGED_SECONDS = 0.2
"""Time for the answer to damaged bytes; the server may rightly wait for more of them."""
MAX_FAILURES = 50
"""Failures that are kept; the first few tell all."""


class Tally:
    """Counts of a shard, kept in a file after every thousand requests so that it can go on later."""

    def __init__(self, path: Path | None, identity: dict[str, Any]) -> None:
        self._path = path
        self._identity = identity
        self.done = 0
        self.statuses: Counter[str] = Counter()
        self.failures: list[str] = []
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            if kept.pop("identity") != identity:
                raise SystemExit(f"{path} is of another campaign: remove it or name another file")
            self.done, self.statuses, self.failures = kept["done"], Counter(kept["statuses"]), kept["failures"]

    def save(self) -> None:
        if self._path is not None:
            kept = {"done": self.done, "statuses": self.statuses, "failures": self.failures}
            partial = self._path.with_suffix(".partial")
            partial.write_text(json.dumps({"identity": self._identity, **kept}, indent=1))
            partial.replace(self._path)

    def judge(self, number: int, made: Made, answer: Answer | None) -> str | None:
        """Count an answer; what is wrong with it."""
        self.done += 1
        self.statuses[str(answer.status) if answer else "none"] += 1
        wrong = fault(made, answer)
        if wrong is not None:
            wrong = f"request {number}: {wrong}"
            self.failures = [*self.failures, wrong][:MAX_FAILURES]
        if self.done % 1_000 == 0:
            self.save()
        return wrong

    def line(self) -> str:
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"{self.done} requests ({statuses}), {len(self.failures)} failures"

    @property
    def good(self) -> bool:
        """No failure, and at most 1 % of 503 while nothing is away."""
        return not self.failures and self.statuses["503"] * 100 <= self.done


def fault(made: Made, answer: Answer | None) -> str | None:
    """What is wrong with an answer."""
    if answer is None:
        return "no answer" if made.whole else None
    if answer.status >= 500 and answer.status != 503:
        return f"{answer.status} {answer.body[:300]!r}"
    if answer.status >= 400 and made.method != "HEAD" and answer.body:
        try:
            answer.problem()
        except (AssertionError, KeyError, msgspec.DecodeError) as error:
            return f"no problem: {error!s:.300}"
    return None


class Caller:
    """Sends requests over one connection, and opens another when it has ended."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, made: Made) -> Answer | None:
        """Again over a new connection if the kept one has ended, as every client does."""
        kept = self._open is not None
        answer = await self._once(made)
        if answer is None and kept and made.whole:
            answer = await self._once(made)
        if made.last or (answer is not None and "close" in answer.headers.get("connection", "")):
            self.close()
        return answer

    async def _once(self, made: Made) -> Answer | None:
        self._open = self._open or await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._open
        answer = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            writer.write(made.data)
            await writer.drain()
            async with asyncio.timeout(ANSWER_SECONDS if made.whole else DAMAGED_SECONDS):
                answer = await read_answer(reader, head_only=made.method == "HEAD")
        if answer is None:
            self.close()
        return answer

    def close(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None


async def run(
    port: int, surface: Surface, tally: Tally, numbers: range, *,
    seed: str, new_key: Callable[[], Awaitable[str]], progress: Callable[[str], None],
) -> None:  # fmt: skip
    """All requests of a shard that are not done yet."""
    key = await new_key()
    left: Iterator[int] = iter(numbers[tally.done :])

    async def one_after_another() -> None:
        nonlocal key
        caller = Caller(port)
        try:
            for number in left:
                made = make(number, seed, surface, key)
                answer = await caller.call(made)
                if made.whole and answer is not None and answer.status == 401:
                    key = await new_key()  # a request has revoked it
                if wrong := tally.judge(number, made, answer):
                    progress(wrong)
                if tally.done % 10_000 == 0:
                    progress(f"of {len(numbers)}: {tally.line()}")
        finally:
            caller.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(one_after_another())
    tally.save()
