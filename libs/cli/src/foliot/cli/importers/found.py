"""What an importer found: jobs with notes, and what is no job here, with the reason. Written as a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import indent, wrap
from typing import Any, NamedTuple

from foliot.cli.manifest.written import yaml_text


class Job(NamedTuple):
    """`notes`: what is otherwise here than there."""

    place: str
    key: str
    fields: dict[str, Any]
    notes: list[str]


class Refused(NamedTuple):
    """`text`: as it was written there."""

    place: str
    text: str
    reason: str


class Unmapped(Exception):
    """One entry cannot become a job."""


class Found:
    def __init__(self, origin: str, defaults: dict[str, Any], remarks: list[str]) -> None:
        self.jobs: list[Job] = []
        self.refused: list[Refused] = []
        self._origin = origin
        self._defaults = defaults
        self._remarks = remarks

    def key(self, name: str) -> str:
        """A job_key made of a name, unique among those before it."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or "job"
        taken = {job.key for job in self.jobs}
        return next(key for key in _numbered(slug) if key not in taken)

    def manifest(self, set_name: str) -> str:
        parts = [f"# Imported from {self._origin}.\n", *(_comment(one, "") for one in self._remarks)]
        parts += [_comment(f"NOT IMPORTED, {one.place}: {one.text} ({one.reason})", "") for one in self.refused]
        parts.append(yaml_text({"foliot": 1, "set": set_name, "defaults": self._defaults}))
        parts.append("jobs:\n" if self.jobs else "jobs: {}\n")
        for job in self.jobs:
            parts += [_comment(f"{job.place}: {note}", "  ") for note in job.notes]
            parts.append(indent(yaml_text({job.key: job.fields}), "  "))
        return "".join(parts)

    def report(self) -> str:
        lines = [
            f"{job.place}: {job.key}{''.join(f'{chr(10)}  note: {note}' for note in job.notes)}" for job in self.jobs
        ]
        lines += [f"{one.place}: NOT IMPORTED: {one.text}\n  {one.reason}" for one in self.refused]
        return "\n".join([*lines, f"{len(self.jobs)} imported, {len(self.refused)} not"])


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    number = 2
    while True:
        yield f"{slug}-{number}"
        number += 1


def _comment(text: str, before: str) -> str:
    """What others wrote stays inside the comment."""
    plain = re.sub(r"[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]", " ", text)
    return "".join(f"{before}# {line}\n" for line in wrap(plain, 110, break_long_words=False))
