"""Finding the processes of a script by a token that no other process of the machine has in its command line."""

import asyncio
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from foliot.worker.executors.attempt import Attempt
from integration.executors.making import make_attempt


class Token:
    """A number for `sleep` and for the arguments of a script: no process can shake it off."""

    def __init__(self) -> None:
        self.seconds = f"86400.{secrets.randbelow(10**12):012}"

    def attempt(self, script: str, **fields: Any) -> Attempt:
        """Return an attempt whose processes carry the token."""
        return make_attempt("script", fields=fields, script=script, args=[self.seconds])

    def pids(self) -> list[int]:
        """Return the processes that carry the token, zombies aside."""
        wanted = self.seconds.encode()
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and wanted in _command(name)]

    def escapes(self) -> str:
        """Return a script whose processes try to survive by every means of a shell; it prints `ready`."""
        hidden = f"trap '' TERM HUP INT; sleep {self.seconds} & sleep {self.seconds}"
        return f"""
            trap '' TERM HUP INT
            sleep {self.seconds} &
            nohup sleep {self.seconds} >/dev/null 2>&1 &
            setsid sleep {self.seconds} &
            ( ( setsid sh -c "{hidden}" & ) & )
            ( ( setsid setsid env -i /bin/sh -c "{hidden}" >/dev/null 2>&1 </dev/null & ) & )
            echo ready
            sleep {self.seconds}
        """


ESCAPED = 11
"""Processes with the token when an `escapes` script is under way."""


def _command(pid: str) -> bytes:
    try:
        if "python" in os.readlink(f"/proc/{pid}/exe"):  # a worker whose argument is the script
            return b""
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for what another process does; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
