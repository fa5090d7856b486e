"""Work: the executor of the model. It takes its time, and answers a first cancel gracefully, a second one at once."""

from __future__ import annotations

import asyncio
import random

from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.output import Output
from foliot.worker.running import Running
from simulate.virtual.owners import Process
from simulate.virtual.story import Stage
from simulate.virtual.worker.judge import Effect, Judge

LONGEST = 9.0
"""Most seconds of work: longer than the lease of the model and than its timeouts."""
GRACE = 0.8
"""Most seconds that work takes to answer its first cancel."""


class Work:
    """The executor of one worker process."""

    def __init__(self, stage: Stage, process: Process, judge: Judge, running: Running) -> None:
        self._stage = stage
        self._process = process
        self._judge = judge
        self._running = running

    async def run(self, attempt: Attempt, output: Output) -> Result:
        rng = random.Random(hash((self._stage.seed, attempt.execution_id)))
        entry = self._running.get(attempt.execution_id)
        assert entry is not None
        began = self._stage.now
        effect = Effect(
            attempt.execution_id, attempt.job_id, self._process, entry.claimed.claim, began,
            began + attempt.timeout_seconds,
        )  # fmt: skip
        self._judge.began(effect)
        try:
            await asyncio.sleep(LONGEST * rng.random() ** 1.5)
            effect.succeeded = rng.random() < 0.8
        except asyncio.CancelledError:
            await asyncio.sleep(GRACE * rng.random())
            raise
        finally:
            self._judge.ended(effect)
        return Result(succeeded=effect.succeeded, error_message=None if effect.succeeded else "failed")
