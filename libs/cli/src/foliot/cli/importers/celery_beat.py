"""Celery's `beat_schedule` as a manifest, read from the source of a module: nothing of it runs."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from foliot.cli.exits import USAGE, Stop
from foliot.cli.importers.cron_fields import FIELDS, schedule_of
from foliot.cli.importers.found import Found, Job, Refused, Unmapped

DEFAULTS: Final = {"overlap_policy": "allow", "misfire_policy": "run_once", "retry_policy": {"max_retries": 0}}
REMARKS: Final = [
    "Each job sends its task by celery call, so the worker's pool needs celery and your application. A run that "
    "COMPLETED has sent the task; what became of it, Celery knows.",
    "In the two nights in which clocks are changed Celery counts hours in its own way: look at those ticks in a plan.",
]
_TABLES: Final = {"beat_schedule", "CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE"}
_ZONES: Final = {"timezone", "CELERY_TIMEZONE"}
_ARGUMENTS: Final = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_ORDER: Final = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_UNITS: Final = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def celery_beat(text: str, file: str, application: str) -> Found:
    """`application`: what celery's option -A names."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise Stop(f"{file}:{error.lineno}: {error.msg}", USAGE) from error
    named = list(_named(tree))
    zones = [value.value for name, value in named if name in _ZONES and isinstance(value, ast.Constant)]
    found = Found(f"{file} (beat_schedule)", {"timezone": str(zones[-1]) if zones else "UTC", **DEFAULTS}, REMARKS)
    for key, value in (entry for name, table in named if name in _TABLES for entry in _entries(table)):
        place, shown = f"line {value.lineno}", ast.unparse(value if key is None else key)
        try:
            notes: list[str] = []
            fields = _job(_literal(key), value, application, notes)
            found.jobs.append(Job(place, found.key(fields["job_name"]), fields, notes))
        except Unmapped as reason:
            found.refused.append(Refused(place, shown, str(reason)))
    return found


def _named(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Assignments to a name or an attribute, and named arguments of update(...)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
                if name:
                    yield name, node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            yield from ((one.arg, one.value) for one in node.keywords if one.arg)


def _entries(table: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    """Key and value; what is no table as it stands is one entry that cannot be read."""
    return list(zip(table.keys, table.values, strict=True)) if isinstance(table, ast.Dict) else [(None, table)]


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else _never()
    except (ValueError, TypeError) as error:
        raise Unmapped("it is computed, not written") from error


def _never() -> Any:
    raise ValueError


def _job(name: Any, value: ast.expr, application: str, notes: list[str]) -> dict[str, Any]:
    if not isinstance(value, ast.Dict):
        raise Unmapped("it is computed, not written")
    members = {str(_literal(key)): one for key, one in zip(value.keys, value.values, strict=True)}
    if "task" not in members or "schedule" not in members:
        raise Unmapped("it has no task or no schedule")
    words = ["celery", "-A", application, "call", str(_literal(members["task"]))]
    given = {option: _literal(members[option]) for option in ("args", "kwargs") if option in members}
    words += [f"--{option}={_json(value)}" for option, value in given.items() if value]
    options = _literal(members["options"]) if "options" in members else {}
    for option, written in (("queue", "--queue"), ("expires", "--expires"), ("countdown", "--countdown")):
        if option in options:
            words.append(f"{written}={options[option]}")
    notes += [f"the option {one} is not imported" for one in options if one not in ("queue", "expires", "countdown")]
    schedule = _schedule(members["schedule"], notes)
    payload = {"script": f"exec {shlex.join(words)}\n"}
    return {"job_name": str(name), "job_type": "script", "schedule": schedule, "payload": payload}


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except TypeError as error:
        raise Unmapped("its arguments are not JSON") from error


def _schedule(node: ast.expr, notes: list[str]) -> str:
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        given = {one.arg: _literal(one.value) for one in node.keywords if one.arg}
        if called == "crontab":
            given |= dict(zip(_ARGUMENTS, map(_literal, node.args), strict=False))
            return _crontab({name: _text(value) for name, value in given.items()}, notes)
        if called == "timedelta":
            given |= dict(zip(("days", "seconds"), map(_literal, node.args), strict=False))
            if not set(given) <= set(_UNITS):
                raise Unmapped(f"timedelta with {', '.join(set(map(str, given)) - set(_UNITS))}")
            return _every(sum(_UNITS[str(unit)] * number for unit, number in given.items()), notes)
        raise Unmapped(f"{called}(...) has no form here")
    seconds = _literal(node)
    if not isinstance(seconds, int | float):
        raise Unmapped("its schedule is no crontab, timedelta or number")
    return _every(seconds, notes)


def _every(seconds: float, notes: list[str]) -> str:
    if seconds < 1 or seconds != int(seconds):
        raise Unmapped(f"every {seconds} s: the least here is a whole second")
    notes.append("@every keeps the phase of the job's creation; beat counts from its own start")
    return f"@every {int(seconds)}s"


def _crontab(given: dict[str, str], notes: list[str]) -> str:
    fields = [given.pop(name, "*") for name in _ORDER]
    if given:
        raise Unmapped(f"crontab with {', '.join(given)}")
    fields[4] = re.sub(r"[A-Za-z]+", lambda day: day[0][:3].lower(), fields[4])
    fields = [_forwards(text, number) for number, text in enumerate(fields)]
    if not fields[2].startswith("*") and not fields[4].startswith("*"):
        raise Unmapped("for Celery both days must fit, here one suffices: split it, or look at the day in the task")
    return schedule_of(fields, notes)


def _forwards(text: str, number: int) -> str:
    """22-2 goes around the end of its field."""
    field = FIELDS[number]
    last = 6 if number == 4 else field.high
    parts = []
    for part in text.split(","):
        ends = re.fullmatch(r"(\d+)-(\d+)", part)
        around = ends is not None and int(ends[1]) > int(ends[2])
        parts.append(f"{ends[1]}-{last},{field.low}-{ends[2]}" if ends is not None and around else part)
    return ",".join(parts)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | set):
        return ",".join(map(str, sorted(value)))
    return re.sub(r"\s", "", str(value))
