"""Addresses of a peer's servers, and the three commands that each of its modules has."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

DATABASE_URL = os.environ["BENCH_DATABASE_URL"]
AMQP_URL = os.environ["BENCH_AMQP_URL"]


def serve_commands(*, setup: Callable[[], None], enqueue: Callable[[int], float], work: Callable[[], None]) -> None:
    """`setup`, `enqueue N` (prints the seconds that the enqueueing alone took, as `enqueue` says), `work`."""
    command = sys.argv[1]
    if command == "setup":
        setup()
    elif command == "enqueue":
        print(json.dumps(enqueue(int(sys.argv[2]))), flush=True)
    else:
        work()


def timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun
