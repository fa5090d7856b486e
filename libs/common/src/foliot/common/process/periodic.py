"""Duties that repeat: one loop that times, logs and counts each step. Tests call the step, never the loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Fenced, Unavailable
from foliot.common.process import events, metrics

_log = structlog.get_logger()


async def periodic(
    name: str,
    step: Callable[[], Awaitable[float | None]],
    *,
    interval: float,
    clock: Clock,
    wake: asyncio.Event | None = None,
    max_failures: int = 20,
) -> None:
    """Call `step` again and again, until cancelled or Fenced.

    A step may return the seconds until it wants to be called again (else `interval`); `wake` cuts the wait short.
    A server that is away is waited for with backoff and jitter; `max_failures` other failures in a row end the duty,
    and with it the process, which its supervisor starts anew.
    """
    failures = 0
    seconds, failed = metrics.DUTY_STEP.labels(name), metrics.DUTY_FAILURES.labels(name)
    while True:
        if wake is not None:
            wake.clear()
        try:
            with seconds.time():
                wait = await step()
            failures = 0
        except Fenced:
            raise
        except Exception as error:
            failures += 1
            failed.inc()
            _log.warning(events.DUTY_FAILED, duty=name, failures=failures, error=error)
            if failures >= max_failures and not isinstance(error, Unavailable):
                raise
            wait = min(2.0, 0.05 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.5)  # noqa: S311
        await _pause(interval if wait is None else wait, wake, clock)


async def _pause(seconds: float, wake: asyncio.Event | None, clock: Clock) -> None:
    if wake is None:
        await clock.sleep(seconds)
    elif seconds <= 0:
        await asyncio.sleep(0)
    else:
        await clock.wait(wake, seconds)
