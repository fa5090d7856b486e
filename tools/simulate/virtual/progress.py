"""The progress of a campaign: kept in a file, so that a second call goes on from the next seed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from simulate.virtual.story import Outcome


class Share(msgspec.Struct):
    """What the stories of one machine came to. `pairs`: two actors whose steps followed each other."""

    stories: int = 0
    steps: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    pairs: set[tuple[str, str]] = msgspec.field(default_factory=set)

    def add(self, outcome: Outcome, cpu: float) -> None:
        self.stories += 1
        self.steps += outcome.steps
        self.seconds += outcome.seconds
        self.cpu += cpu
        self.pairs |= outcome.pairs


class Progress(msgspec.Struct):
    """What a campaign has done. `twice`: the stories of it that were played a second time, to compare their steps.
    `order`: a hash of the order of all steps of all stories."""

    done: int = 0
    twice: int = 0
    order: int = 0
    broken: list[str] = []
    shares: dict[str, Share] = {}

    def of(self, machine: str) -> Share:
        return self.shares.setdefault(machine, Share())


def load(path: Path) -> Progress:
    return msgspec.json.decode(path.read_bytes(), type=Progress) if path.exists() else Progress()


def save(path: Path, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(progress))
    partial.replace(path)
