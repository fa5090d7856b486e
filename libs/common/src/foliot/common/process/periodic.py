"""Repeating duties: one loop that times, logs and counts each step. Tests call the step, never the loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from foliot.common.clock import Clock
from foliot.common.errors import Fenced, Unavailable
from foliot.common.process import events, metrics

_log = structlog.get_logger()

_MAX_FAILURES = 20
"""Failures in a row that end a duty, after about half a minute: the cause is then in the process itself."""
_BACKOFF, _BACKOFF_MAX = 0.05, 2.0
"""Seconds before a failed step is tried again: doubled at each failure, the first included, up to the maximum, and
spread by half to either side."""


async def periodic(
    name: str,
    step: Callable[[], Awaitable[float | None]],
    *,
    interval: float,
    clock: Clock,
    wake: asyncio.Event | None = None,
    max_failures: int = _MAX_FAILURES,
) -> None:
    """Call `step` again and again, until cancelled or Fenced.

    A step may return the seconds until its next call, in place of `interval`; `wake` ends the wait early. A failed
    step is tried again with backoff and jitter. After `max_failures` in a row the duty ends, unless a server is away,
    and with it the process, which its supervisor starts again.
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
            wait = min(_BACKOFF_MAX, _BACKOFF * 2 ** min(failures, 6)) * random.uniform(0.5, 1.5)  # noqa: S311
        await _pause(interval if wait is None else wait, wake, clock)


async def _pause(seconds: float, wake: asyncio.Event | None, clock: Clock) -> None:
    if wake is None:
        await clock.sleep(seconds)
    elif seconds <= 0:
        await asyncio.sleep(0)
    else:
        await clock.wait(wake, seconds)
