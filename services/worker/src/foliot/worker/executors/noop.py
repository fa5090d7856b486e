"""noop: does nothing but note its start. Benchmarks measure the scheduler with it."""

import time

from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.output import Output


class NoopExecutor:
    """Succeeds at once; its log is the moment of its start, in seconds since 1970 by this machine's clock."""

    async def run(self, attempt: Attempt, output: Output) -> Result:  # noqa: ARG002
        output.write_text(f"{time.time():.6f}")
        return Result(succeeded=True)
