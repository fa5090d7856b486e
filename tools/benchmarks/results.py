"""Figures on disk: one JSON file for each cell and round, so that an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from benchmarks.pace import pace

Figures = dict[str, Any]
"""Numbers by name; rates are a second, times say their unit, `problems` lists what the checks found."""

REPOSITORY = Path(__file__).parents[2]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that make up a run: with others it is another run."""

    suite: str
    quick: bool = False
    replica: bool = False
    rounds: int
    seconds: int
    workers: int
    slots: int
    commit: str

    @property
    def title(self) -> str:
        """Names the run's directory."""
        return self.suite + "-replica" * self.replica + "-quick" * self.quick


class Results:
    """The files of one run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def open(cls, home: Path, settings: Settings) -> Results:
        """The newest run with these settings if it was interrupted, else a new one."""
        for found in sorted(home.glob(f"*-{settings.title}"), reverse=True):
            results = cls(found)
            if not results.done and results.settings == settings:
                return results
        results = cls(home / f"{time.strftime('%Y%m%dT%H%M%S')}-{settings.title}")
        results.directory.mkdir(parents=True)
        (results.directory / "settings.json").write_bytes(msgspec.json.encode(settings))
        (results.directory / "machine.json").write_bytes(msgspec.json.encode(machine(results.directory)))
        return results

    @property
    def settings(self) -> Settings:
        return msgspec.json.decode((self.directory / "settings.json").read_bytes(), type=Settings)

    @property
    def machine(self) -> dict[str, str]:
        return msgspec.json.decode((self.directory / "machine.json").read_bytes(), type=dict[str, str])

    @property
    def done(self) -> bool:
        return (self.directory / "done").exists()

    def finish(self) -> None:
        (self.directory / "done").touch()

    def get(self, cell: str, round_: int) -> Figures | None:
        path = self._path(cell, round_)
        return msgspec.json.decode(path.read_bytes()) if path.exists() else None

    def put(self, cell: str, round_: int, figures: Figures) -> None:
        path = self._path(cell, round_)
        new = path.with_suffix(".new")
        new.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
        new.rename(path)

    def rounds(self, cell: str) -> list[Figures]:
        kept = (self.get(cell, n) for n in range(1, self.settings.rounds + 1))
        return [figures for figures in kept if figures is not None]

    def _path(self, cell: str, round_: int) -> Path:
        return self.directory / f"{cell.replace(' ', '_')}-{round_}.json"


def spread(rounds: Iterable[Figures], name: str) -> tuple[float, float, float] | None:
    """(median, least, greatest) of a figure; None if no round has it."""
    values = [float(figures[name]) for figures in rounds if figures.get(name) is not None]
    return (median(values), min(values), max(values)) if values else None


def commit() -> str:
    """The commit, and a mark for what was changed since."""

    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=True).stdout

    changed = git("diff", "HEAD")
    mark = f"+{hashlib.sha256(changed).hexdigest()[:8]}" if changed else ""
    return git("rev-parse", "--short", "HEAD").decode().strip() + mark


def machine(directory: Path) -> dict[str, str]:
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return {
        "cpus": str(len(os.sched_getaffinity(0))),
        "cpu": cpu.partition(": ")[2],
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "fdatasync": f"{_fdatasync_us(directory):,.0f} us",
        "pace": pace(),
    }


def _fdatasync_us(directory: Path, times: int = 200) -> float:
    """Median time of making 8 kB durable: what each commit waits for."""
    took = []
    with (directory / "fdatasync").open("wb", buffering=0) as file:
        for _ in range(times):
            begun = time.perf_counter()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    (directory / "fdatasync").unlink()
    return median(took) * 1e6
