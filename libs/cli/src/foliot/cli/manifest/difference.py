"""What applying a manifest would change: each job of the set, and those of the server that the manifest leaves out."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, Literal, NamedTuple

from foliot.cli.manifest.document import Manifest
from foliot.cli.manifest.fields import Fields, in_full

_MANY_AT_ONCE: Final = 100
TIMING: Final = (
    "schedule", "timezone", "start_at", "end_at", "max_runs", "jitter_seconds", "dst_gap", "dst_overlap",
)  # fmt: skip


class Change(NamedTuple):
    """`fields`: name -> (before, after). `before`: the job as the server shows it."""

    key: str
    action: Literal["create", "change", "delete", "same"]
    fields: dict[str, tuple[Any, Any]]
    before: Fields | None
    after: Fields | None

    @property
    def moves(self) -> bool:
        """Its ticks may be others."""
        return self.action == "create" or any(name in self.fields for name in TIMING)


def changes(manifest: Manifest, served: list[Fields]) -> list[Change]:
    by_key = {job["job_key"]: job for job in served if job.get("job_key") is not None}
    found = [_change(key, by_key.get(key), job) for key, job in manifest.jobs.items()]
    left_out = [job for key, job in by_key.items() if job.get("set") == manifest.set_name and key not in manifest.jobs]
    return found + [Change(job["job_key"], "delete", {}, job, None) for job in left_out]


def expected(found: list[Change]) -> dict[str, str]:
    """The ETag of each job that was seen: what was changed since then is a conflict, not overwritten."""
    return {one.key: f'"{one.before["version"]}"' for one in found if one.before is not None}


def warnings(manifest: Manifest) -> list[str]:
    """Many jobs at one instant."""
    counted = Counter(
        (job["schedule"], job.get("timezone", "UTC"))
        for job in manifest.jobs.values()
        if "H" not in job["schedule"] and not job["schedule"].startswith("@every") and job["schedule"] != "manual"
    )
    return [
        f"{number} jobs fire at the same instants ({schedule} {zone}): H in a field spreads them"
        for (schedule, zone), number in counted.items()
        if number >= _MANY_AT_ONCE
    ]


def _change(key: str, before: Fields | None, after: Fields) -> Change:
    if before is None:
        return Change(key, "create", {}, None, after)
    old, new = in_full(before), in_full(after)
    names = [name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]
    differing = {name: (old.get(name), new.get(name)) for name in names}
    return Change(key, "change" if differing else "same", differing, before, after)
