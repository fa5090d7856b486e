"""`make logs`: the logs of the processes as one readable stream, in the order of time."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Iterator, Mapping
from heapq import merge
from pathlib import Path

from cluster.definition import service_of
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.logfile import files_of
from cluster.logline import Line, level, parse
from cluster.passed_on import CONFIGS

NEWEST = 200
INTERVAL = 0.2
AT_ONCE = 1 << 20
"""Bytes of one file that are read between two looks at the others."""


async def logs(layout: Layout, environment: Mapping[str, str]) -> None:
    """SERVICE: processes or services, separated by commas; LEVEL: the lowest; LINES: how many; FOLLOW: go on."""
    lowest = level(environment.get("LEVEL") or "debug")
    wanted = [name for name in environment.get("SERVICE", "").replace(" ", "").split(",") if name]
    newest = _count(environment.get("LINES", ""))
    readers = {path: Reader(path) for path in _chosen(layout, wanted)}
    there = merge(*(reader.all() for reader in readers.values()), key=lambda line: line.time)
    for line in deque((line for line in there if line.is_at_least(lowest)), maxlen=newest):
        print(line)
    while environment.get("FOLLOW"):
        new = [line for reader in readers.values() for line in reader.new()]
        for line in sorted(new, key=lambda line: line.time):
            if line.is_at_least(lowest):
                print(line, flush=True)
        await asyncio.sleep(INTERVAL)
        readers |= {path: Reader(path) for path in _chosen(layout, wanted) if path not in readers}


def _count(text: str) -> int:
    if text and not text.isdecimal():
        raise ClusterError(f"LINES={text} is not a number")
    return int(text) if text else NEWEST


def _chosen(layout: Layout, wanted: list[str]) -> list[Path]:
    """The logs of Foliot's processes, or of those that are named."""
    there = {path.name.removesuffix(".log"): path for path in sorted(layout.logs.glob("*.log"))}
    if not there:
        raise ClusterError("there are no logs: make up")
    if absent := [name for name in wanted if not any(name in (one, service_of(one)) for one in there)]:
        raise ClusterError(f"there is no log of {', '.join(absent)}; there are: {', '.join(there)}")
    of = wanted or list(CONFIGS)
    return [path for name, path in there.items() if name in of or service_of(name) in of]


class Reader:
    """The lines of one log: first those that are there, the rotated ones too, then what is appended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = path.name.removesuffix(".log")
        self._at = 0
        self._rest = b""
        self._time = ""

    def all(self) -> Iterator[Line]:
        *older, _ = files_of(self._path)
        for file in older:
            with file.open("rb") as lines:
                yield from map(self._parse, lines)
        while new := list(self.new()):
            yield from new

    def new(self) -> Iterator[Line]:
        """At most AT_ONCE bytes of what was appended since the last call."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._at:  # rotated: it begins again
                self._at, self._rest = 0, b""
            file.seek(self._at)
            new = file.read(AT_ONCE)
            self._at += len(new)
            *whole, self._rest = (self._rest + new).split(b"\n")
            yield from map(self._parse, whole)

    def _parse(self, raw: bytes) -> Line:
        line = parse(raw.rstrip(b"\n"), self._process, self._time)
        self._time = line.time
        return line
