"""A manifest: the jobs of a set, by job_key, in the API's own fields. All its faults are told at once, with lines."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from foliot.cli.exits import USAGE, Stop
from foliot.cli.manifest.fields import KINDS, Kind
from foliot.cli.manifest.located import Located, read

Fields = dict[str, Any]
_TOP: Final = ("foliot", "set", "defaults", "jobs")
_LARGEST: Final = 32 << 20


class Manifest(NamedTuple):
    """`jobs`: as the API takes them, by job_key."""

    set_name: str
    jobs: dict[str, Fields]


def load(file: Path) -> Manifest:
    """Raises Stop for a file that is not all right."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{file} cannot be read: {error}", USAGE) from error
    if len(text) > _LARGEST:
        raise Stop(f"{file} is larger than 32 MiB", USAGE)
    return manifest_of(read(text, str(file)), file)


def manifest_of(found: Any, file: Path) -> Manifest:
    reading = _Reading(file)
    made = reading.manifest(found)
    if reading.faults:
        raise Stop("\n".join(reading.faults), USAGE)
    return made


class _Reading:
    def __init__(self, file: Path) -> None:
        self.faults: list[str] = []
        self._file = file

    def manifest(self, found: Any) -> Manifest:
        if not isinstance(found, Located) or found.get("foliot") != 1:
            raise Stop(f"{self._file}: a manifest begins with foliot: 1, a set and its jobs", USAGE)
        self._unknown(found, _TOP)
        set_name, jobs = found.get("set"), found.get("jobs")
        if not isinstance(set_name, str) or not set_name:
            self._fault(found, "set", "the name of the set that owns these jobs is missing")
        if not isinstance(jobs, Located):
            self._fault(found, "jobs", "the jobs are missing: write jobs: {} for a set without any")
            return Manifest(str(set_name), {})
        defaults = found.get("defaults") or {}
        if isinstance(defaults, Located):
            self._unknown(defaults, _members(KINDS.values()))
        return Manifest(str(set_name), {key: self._job(key, job, jobs, defaults) for key, job in jobs.items()})

    def _job(self, key: str, job: Any, jobs: Located, defaults: Fields) -> Fields:
        if not isinstance(job, Located):
            self._fault(jobs, key, f"the job {key!r} has no fields")
            return {}
        fields: Fields = {"job_key": key, "job_name": key, **defaults, **job}
        if "script_file" in fields:
            self._script(job, fields)
        kind = KINDS.get(str(fields.get("job_type")))
        if kind is None:
            self._fault(jobs, key, f"job_type must be one of {', '.join(KINDS)}")
            return {}
        self._unknown(job, _members([kind]))
        payload = job.get("payload")
        if isinstance(payload, Located):
            self._unknown(payload, kind.payload_fields)
        for name in ("schedule", "payload"):
            if fields.get(name) is None:
                self._fault(jobs, key, f"the job {key!r} has no {name}")
        return {name: value for name, value in fields.items() if value is not None}

    def _script(self, job: Located, fields: Fields) -> None:
        """The text of a file beside the manifest."""
        path = self._file.parent / str(fields.pop("script_file"))
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self._fault(job, "script_file", f"it cannot be read: {error}")
            text = ""
        payload = fields.get("payload") or {}
        if "script" in payload:
            self._fault(job, "script_file", "the payload has a script already")
        fields |= {"job_type": fields.get("job_type", "script"), "payload": {**payload, "script": text}}

    def _unknown(self, found: Located, known: tuple[str, ...]) -> None:
        for name in found:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f": did you mean {near[0]}?" if near else f": known are {', '.join(known)}"
                self._fault(found, name, f"{name!r} is not known here{hint}")

    def _fault(self, found: Located, name: str, words: str) -> None:
        line = found.lines.get(name, found.line)
        self.faults.append(f"{self._file}:{line}: {words}")


def _members(kinds: Any) -> tuple[str, ...]:
    """Of jobs of these kinds, as a manifest may name them."""

    def each() -> Iterator[str]:
        yield from ("job_type", "script_file")
        for kind in kinds:
            assert isinstance(kind, Kind)
            yield from (name for name in kind.fields if name != "job_key")

    return tuple(dict.fromkeys(each()))
