"""CPU time and memory of whole process trees, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Stat:
    """One line of /proc/PID/stat. `cpu` counts user and system time of the process and of its dead children, in s."""

    __slots__ = ("cpu", "parent", "rss")

    def __init__(self, line: str) -> None:
        fields = line[line.rindex(")") + 2 :].split()
        self.parent = int(fields[1])
        self.cpu = sum(int(field) for field in fields[11:15]) / TICKS
        self.rss = int(fields[21]) * PAGE


def _stats() -> dict[int, Stat]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = Stat((entry / "stat").read_text())
            except (OSError, ValueError):
                continue  # it has just ended
    return found


def _tree(stats: Mapping[int, Stat], root: int) -> list[Stat]:
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    pids = [root]
    for pid in pids:
        pids += children.get(pid, [])
    return [stats[pid] for pid in pids if pid in stats]


def cpu_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """User and system time so far, by name, each with all its descendants; and of the whole machine as `machine`."""
    stats = _stats()
    used = {name: sum(stat.cpu for stat in _tree(stats, pid)) for name, pid in roots.items()}
    line = Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]
    jiffies = [int(field) for field in line]
    return used | {"machine": (sum(jiffies) - jiffies[3] - jiffies[4]) / TICKS}


def cpu_per_job(before: Mapping[str, float], after: Mapping[str, float], jobs: int) -> dict[str, float]:
    """Microseconds a job by component, as `cpu_us.<name>`; `cpu_us` is the sum of the components (not the machine's)."""
    used = {name: (after[name] - before[name]) / jobs * 1e6 for name in before}
    figures = {f"cpu_us.{name}": round(value, 1) for name, value in used.items()}
    return figures | {"cpu_us": round(sum(value for name, value in used.items() if name != "machine"), 1)}


def rss_bytes(pid: int) -> int:
    """Resident memory of one process, without children."""
    return Stat(Path(f"/proc/{pid}/stat").read_text()).rss
