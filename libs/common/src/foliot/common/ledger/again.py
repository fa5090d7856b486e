"""Again: a unit of work that PostgreSQL rolled back for another's sake is done again, as a whole.

Two transactions that wait for each other (a deadlock), or a query that the replay of a replica cancelled: nothing of it
stands, and the same work succeeds a moment later. The lock order (docs/adr/0018-lock-order.md) makes this rare.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from foliot.common.clock import Clock, SystemClock
from foliot.common.errors import RolledBack

PAUSES = (0.01, 0.04, 0.16)
"""Seconds before each further try, spread by half to either side, so that the two do not meet again. The last error is
raised: a caller of the API gets 503 and tries again."""
CLOCK: Clock = SystemClock()
"""Waits out the pauses. A simulation of deadlocks puts its own here."""
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def again(work: Callable[_Given, Awaitable[_Result]]) -> Callable[_Given, Awaitable[_Result]]:
    """Decorates a function that makes one transaction, and does nothing that others see before its COMMIT: no log line,
    no metric, no message. It is called again after a RolledBack."""

    @functools.wraps(work)
    async def done(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        for pause in PAUSES:
            try:
                return await work(*args, **kwargs)
            except RolledBack:
                await CLOCK.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
        return await work(*args, **kwargs)

    return done
