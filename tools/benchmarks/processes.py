"""CPU time and memory of whole process trees, from /proc."""

from __future__ import annotations

import os
import time
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


class Watch:
    """CPU from its making to `figures`. `roots`: the components, by name; this process counts as `harness`."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)
        self._began, self._before = time.monotonic(), self._now()

    def _now(self) -> dict[str, float]:
        return cpu_seconds(self._roots) | {"harness": time.process_time()}

    def figures(self, jobs: int) -> dict[str, float]:
        """`cpu_us.<component>` in microseconds a job and `cpu_us`, their sum without harness and machine; `seconds`;
        `others_percent`: what neither components nor harness used, of all CPUs. More than a few spoil the figures."""
        after, seconds = self._now(), time.monotonic() - self._began
        used = {name: after[name] - value for name, value in self._before.items()}
        ours = sum(value for name, value in used.items() if name not in ("machine", "harness"))
        others = used["machine"] - used["harness"] - ours
        figures = {f"cpu_us.{name}": round(value / jobs * 1e6, 1) for name, value in used.items()}
        share = 100 * others / (seconds * len(os.sched_getaffinity(0)))
        return figures | {
            "cpu_us": round(ours / jobs * 1e6, 1),
            "seconds": round(seconds, 2),
            "others_percent": round(max(0.0, share), 1),
        }


def rss_bytes(pid: int) -> int:
    """Resident memory of one process, without children."""
    return Stat(Path(f"/proc/{pid}/stat").read_text()).rss
