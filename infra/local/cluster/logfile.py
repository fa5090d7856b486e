"""Logs of processes: each writes to its own file, so that no reader can stall or lose it."""

import os
from pathlib import Path
from typing import BinaryIO

KEPT = 2  # older files beside the one that is written to
LIMIT = 10 * 1024 * 1024


def open_log(log: Path) -> BinaryIO:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return log.open("ab")


def rotate(log: Path, limit: int = LIMIT) -> None:
    """Move the content to `.log.1` when it is long, and that to `.log.2`.

    The writer keeps its file: it appends, so after the truncation it goes on at the start. (A pipe
    through the supervisor would lose no line in between, but let a stalled supervisor stall all.)
    """
    if not log.exists() or log.stat().st_size < limit:
        return
    for number in range(KEPT, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}")
        if older.exists():
            older.rename(log.with_name(f"{log.name}.{number}"))
    with log.open("r+b") as source, open_log(log.with_name(f"{log.name}.1")) as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
        source.truncate(0)


def files_of(log: Path) -> list[Path]:
    """Its files, the oldest first."""
    older = [log.with_name(f"{log.name}.{number}") for number in range(KEPT, 0, -1)]
    return [file for file in (*older, log) if file.exists()]


def tail(log: Path, lines: int = 15) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
