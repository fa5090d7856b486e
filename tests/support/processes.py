"""The processes of an attempt, as the kernel knows them."""

from __future__ import annotations

from pathlib import Path


def processes_of(execution_id: int) -> list[int]:
    """Living processes of an attempt, by the environment that every one of them inherits."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            continue
        if f"FOLIOT_EXECUTION_ID={execution_id}\0".encode() in environment and state != "Z":
            found.append(int(entry.name))
    return found
