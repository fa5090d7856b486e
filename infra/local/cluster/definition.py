"""What there is to know about one process of the cluster."""

import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"

Probe = Callable[[], Awaitable[str]]
"""Returns what the process is (a scheduler's role) or nothing if it serves, else raises NotReady."""

Prepare = Callable[[Path], Awaitable[None]]
"""Makes the process's directory what it should be, as often as it is called; takes the process's log."""

Wrap = Callable[[], tuple[str, ...]]
"""What the command runs under. Found out when it starts, for trying has effects."""


async def nothing_to_prepare(_log: Path) -> None:
    return


def nothing_around() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Two are equal if a process of the one may go on as the other."""

    name: str
    port: int
    command: tuple[str, ...]
    probe: Probe = field(compare=False)
    environment: Mapping[str, str]
    prepare: Prepare = field(default=nothing_to_prepare, compare=False)
    wrap: Wrap = field(default=nothing_around, compare=False)
    needs: tuple[str, ...] = ()  # what must have been ready before the first start; stopped in reverse
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 30.0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do once a start, before what needs it."""

    name: str
    prepare: Prepare = field(compare=False)
    needs: tuple[str, ...] = ()


Part = Definition | Step


def service_of(name: str) -> str:
    """The service that a process of Foliot belongs to: worker-1 is a worker."""
    return name.partition("-")[0]


def minimal_environment(**more: str) -> dict[str, str]:
    """What every process gets: nothing of the caller's shell may change how the cluster behaves."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        **more,
    }
