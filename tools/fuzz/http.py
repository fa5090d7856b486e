"""Hostile HTTP answers through the executor of http_request.

    make fuzz SUITE=http COUNT=20000 SEED=foliot

Every attempt has to end with a Result or by its own timeout, no step of the event loop may cost more than 50 ms of CPU,
a heartbeat beside them has to stay far within a lease, and memory has to stay flat. The server is a process of its own,
so that what it costs does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import msgspec

from foliot.common.model.payloads.http_request import HttpRequest
from foliot.worker.executors.attempt import Attempt
from foliot.worker.executors.http_request import HttpRequestExecutor
from foliot.worker.output import LIMIT, Output
from fuzz.http_answers import drawn
from support.callbacks import watched_callbacks
from support.costs import cpu_seconds

TOOLS: Final = Path(__file__).resolve().parents[1]
AT_ONCE: Final = 30
TIMEOUT: Final = 1.0
"""Seconds that an attempt may take."""
CALLBACK: Final = 0.05
"""CPU seconds that one step of the event loop may cost."""
BEAT: Final = 0.1
"""Seconds between two heartbeats of the probe."""
MARGIN: Final = 5.0
"""Seconds by which a heartbeat may come late before the default lease is lost."""
PROGRESS_EVERY: Final = 2_000
GROWTH: Final = 30
"""MB by which memory may grow after the first tenth of the attempts."""


class Figures(msgspec.Struct):
    """The outcome of a campaign; `faults` is empty if it held."""

    ended: Counter[str] = msgspec.field(default_factory=Counter)
    faults: list[str] = msgspec.field(default_factory=list)
    slowest: float = 0.0
    what: str = ""
    late: float = 0.0
    """Seconds by which the worst attempt overran its timeout."""
    lag: float = 0.0
    """Seconds by which the worst heartbeat came late, on a machine that others may use as well."""
    busy: float = 0.0
    """The same in CPU seconds of this thread."""
    growth: float = 0.0
    """MB."""


@contextlib.asynccontextmanager
async def _hostile_server(seed: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fuzz.http_server", seed,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(TOOLS)},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        process.kill()
        await process.wait()


def _attempt(port: int, number: int) -> Attempt:
    return Attempt(
        execution_id=number + 1, job_id=1, attempt_number=1, scheduled_time=datetime(2026, 11, 28, tzinfo=UTC),
        payload=HttpRequest(
            url=f"http://127.0.0.1:{port}/{number}",
            method=("GET", "GET", "GET", "POST", "HEAD")[number % 5],
            follow_redirects=number % 2 == 0,
        ),
        timeout_seconds=TIMEOUT, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )  # fmt: skip


async def _one(executor: HttpRequestExecutor, seed: str, port: int, number: int, figures: Figures) -> None:
    output = Output()
    begin = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT):
            result = await executor.run(_attempt(port, number), output)
        figures.ended["succeeded" if result.succeeded else "failed"] += 1
        msgspec.json.encode(result)
    except TimeoutError:
        figures.ended["timed out"] += 1
        figures.late = max(figures.late, time.monotonic() - begin - TIMEOUT)
    except Exception as error:
        figures.faults.append(f"answer {number} ({drawn(seed, number).kind}): {error!r}")
    if len(output.text().encode()) > LIMIT:
        figures.faults.append(f"answer {number}: log too long")


async def _beat(figures: Figures) -> None:
    while True:
        begin, spent = time.monotonic(), time.thread_time()
        await asyncio.sleep(BEAT)
        figures.lag = max(figures.lag, time.monotonic() - begin - BEAT)
        figures.busy = max(figures.busy, time.thread_time() - spent - BEAT)


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


async def campaign(seed: str, answers: int) -> Figures:
    """Send `answers` requests, `AT_ONCE` at a time."""
    figures = Figures()
    numbers = iter(range(answers))
    warm = 0.0

    async def one_after_another(executor: HttpRequestExecutor, port: int) -> None:
        nonlocal warm
        for number in numbers:
            await _one(executor, seed, port, number, figures)
            if number == answers // 10:
                warm = _memory()
            if number and number % PROGRESS_EVERY == 0:
                print(f"{number} of {answers}, {len(figures.faults)} faults", flush=True)

    async with (
        _hostile_server(seed) as port,
        HttpRequestExecutor(allow_networks=[ip_network("127.0.0.0/8")]) as executor,
    ):
        with watched_callbacks(cpu_seconds) as seen:
            beat = asyncio.create_task(_beat(figures))
            await asyncio.gather(*(one_after_another(executor, port) for _ in range(AT_ONCE)))
            beat.cancel()
    figures.slowest, figures.what, figures.growth = seen.slowest, seen.what, _memory() - warm
    _judge(figures, answers)
    return figures


def _judge(figures: Figures, answers: int) -> None:
    if figures.ended.total() + len(figures.faults) < answers:
        figures.faults.append("attempts without an end")
    if figures.slowest > CALLBACK:
        figures.faults.append(f"{figures.slowest * 1000:.0f} ms of CPU in {figures.what[:300]}")
    if figures.lag > MARGIN:
        figures.faults.append(f"a heartbeat {figures.lag:.1f} s late: the lease is lost")
    if figures.growth > GROWTH:
        figures.faults.append(f"memory grew by {figures.growth:.0f} MB")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz http")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", default="foliot")
    given = parser.parse_args(arguments)
    begin = time.monotonic()
    figures = asyncio.run(campaign(given.seed, given.count))
    ended = ", ".join(f"{count} {how}" for how, count in sorted(figures.ended.items()))
    print(f"{given.count} answers of seed {given.seed} in {time.monotonic() - begin:.0f} s: {ended}")
    print(f"slowest step {figures.slowest * 1000:.1f} ms of CPU, in {figures.what[:200]}")
    print(f"worst heartbeat {figures.lag * 1000:.0f} ms late, {figures.busy * 1000:.0f} ms in CPU")
    print(f"timeouts overrun by at most {figures.late * 1000:.0f} ms, memory grew by {figures.growth:.0f} MB")
    for fault in figures.faults[:20]:
        print(f"FAULT {fault}")
    return 1 if figures.faults else 0
