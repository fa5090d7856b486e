"""Waiting for an attempt to end, as a generator of requests and pauses: pure, so both transports share it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from foliot.client.errors import Away
from foliot.client.exchange import Pause
from foliot.client.operations import get_execution
from foliot.client.request import Request

if TYPE_CHECKING:
    from foliot.client.types import ExecutionWithLogs

ENDED: Final = frozenset({"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "SKIPPED"})
_LONGEST_PAUSE: Final = 2.0

Wait = Generator["Request[ExecutionWithLogs] | Pause", Any, "ExecutionWithLogs"]


def until_ended(execution_id: int, timeout: float) -> Wait:
    """Returns the attempt once it has ended. Raises Away if that takes longer than `timeout` seconds.

    It asks again after 0.1 s, then after longer and longer pauses, up to 2 s.
    """
    pause, waited = 0.1, 0.0
    while True:
        found: ExecutionWithLogs = yield get_execution(execution_id)
        if found.status in ENDED:
            return found
        if waited >= timeout:
            raise Away(f"execution {execution_id} is still {found.status} after {timeout:g} s")
        pause = min(pause, timeout - waited)
        yield Pause(pause)
        waited += pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
