"""What the supervisor does, as it tells the other commands: one small file."""

from pathlib import Path

import msgspec

from cluster import files
from cluster.definition import Definition, Part
from cluster.pids import Identity, alive

WAITS = "waits"


class Entry(msgspec.Struct):
    """One part of the cluster."""

    name: str
    needs: tuple[str, ...]
    stop_signal: int
    grace: float
    phase: str = WAITS
    ready: bool = False
    obsolete: bool = False  # the plan wants another in its place; until then it goes on
    failures: int = 0  # in a row
    process: Identity | None = None

    @classmethod
    def of(cls, part: Part) -> "Entry":
        if isinstance(part, Definition):
            return cls(part.name, part.needs, part.stop_signal, part.grace)
        return cls(part.name, part.needs, stop_signal=0, grace=0.0)

    @property
    def as_planned(self) -> bool:
        return self.ready and not self.obsolete

    @property
    def at_work(self) -> bool:
        """Not merely waiting for others."""
        return not (self.obsolete or self.phase.startswith(WAITS))

    @property
    def alive(self) -> bool:
        return self.process is not None and alive(self.process)


class State(msgspec.Struct):
    """`release`: that of the code that the supervisor and its processes run."""

    supervisor: Identity
    plans_followed: int
    entries: list[Entry]
    release: str = ""

    def write(self, path: Path) -> None:
        files.write(path, msgspec.json.encode(self))


def read_state(path: Path) -> State | None:
    """None: nothing was ever started, or what was written is of another version of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
