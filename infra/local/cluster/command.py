"""Commands that run to their end."""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster.definition import minimal_environment
from cluster.errors import ClusterError
from cluster.logfile import tail
from cluster.process import spawn


async def run(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    wrap: Sequence[str] = (),
    text: str = "",
) -> None:
    """Run it to its end, or fail with the last lines of its log. It does not outlive us."""
    process = spawn(
        command,
        minimal_environment() if environment is None else environment,
        log,
        wrap=wrap,
        die_with_parent=True,
    )
    process.go(text)
    try:
        status = await process.exited()
    finally:
        if process.status is None:
            process.send(signal.SIGKILL)
            await process.exited()
    if status != 0:
        raise ClusterError(f"{Path(command[0]).name} failed (exit status {status}): see {log}", tail(log))
