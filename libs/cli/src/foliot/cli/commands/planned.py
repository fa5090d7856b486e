"""A plan: made from a manifest and the server, shown, kept as JSON, read again, sent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from foliot.cli.exits import USAGE, Stop
from foliot.cli.manifest.difference import Change, changes, expected, warnings
from foliot.cli.manifest.document import Manifest, load
from foliot.cli.manifest.fields import Fields
from foliot.cli.output import Item
from foliot.cli.session import Session
from foliot.cli.tables import cell
from foliot.client import operations, types
from foliot.client.errors import Refused
from foliot.client.request import Request


def planned(session: Session, file: Path) -> tuple[Manifest, list[Change]]:
    manifest = load(file)
    return manifest, changes(manifest, served_jobs(session))


def served_jobs(session: Session, label: tuple[str, ...] = ()) -> list[Item]:
    """All jobs with their payloads."""
    fields = [name for name in types.JobItem.__struct_fields__ if name not in ("warnings", "retry_delays")]
    return session.collect(operations.list_jobs(limit=200, fields=fields, label=label), None)


def plan_of(manifest: Manifest, found: list[Change]) -> Item:
    """For a file: `apply` does exactly this."""
    shown = [
        {"job_key": one.key, "action": one.action, "fields": {name: _pair(pair) for name, pair in one.fields.items()}}
        for one in found
        if one.action != "same"
    ]
    jobs = list(manifest.jobs.values())
    return {"foliot_plan": 1, "set": manifest.set_name, "changes": shown, "jobs": jobs, "expect": expected(found)}


def read_plan(file: Path) -> Item | None:
    """A plan that was kept; None: the file is something else."""
    try:
        found = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise Stop(f"{file} cannot be read: {error}", USAGE) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) and found.get("foliot_plan") == 1 else None


def ask_to_apply(session: Session, plan: Item, prune: int | None, adopt: bool) -> Item:
    body = {"action": "apply", "set": plan["set"], "jobs": plan["jobs"], "expect": plan["expect"]}
    body |= {"prune": prune, "adopt": adopt}
    try:
        return session.ask(Request(method="POST", path="/v1/jobs/bulk", body=body, keyed=True))
    except Refused as refused:
        if refused.status in (404, 405):
            raise Stop("this server has no POST /v1/jobs/bulk: apply needs a newer Foliot") from refused
        raise


def print_changes(
    session: Session, manifest: Manifest, found: list[Change], *, ticks: bool, note: bool = False
) -> None:
    """`note`: beside the data of another command."""
    lines: list[str] = []
    for one in found:
        if one.action != "same":
            lines.append(f"{one.action} {one.key}")
            lines += [
                f"  {name}: {cell(_pair(pair)[0])} -> {cell(_pair(pair)[1])}" for name, pair in one.fields.items()
            ]
            lines += _ticks(session, one) if ticks and one.moves else []
    counted = Counter(one.action for one in found)
    total = ", ".join(f"{counted[action]} {action}" for action in ("create", "change", "delete", "same"))
    lines.append(f"set {manifest.set_name}: {total}")
    if note:
        session.output.note("\n".join(lines))
    else:
        session.output.text("\n".join(lines) + "\n")
    for warning in warnings(manifest):
        session.output.note(f"warning: {warning}")


def _ticks(session: Session, change: Change) -> list[str]:
    shown = [("before", change.before), ("after", change.after)]
    return [f"  next ticks {name}: {_preview(session, job)}" for name, job in shown if job is not None]


def _preview(session: Session, job: Fields) -> str:
    known = types.PreviewRequest.__struct_fields__
    body = {name: value for name, value in job.items() if name in known and value is not None}
    try:
        found = session.ask(operations.preview_schedule(body | {"count": 3}))["fire_times"]
    except Refused as refused:
        return "; ".join(str(one["message"]) for one in refused.errors) or refused.detail
    return ", ".join(str(tick["local"]) for tick in found) or "none"


def _pair(pair: tuple[Any, Any]) -> list[Any]:
    """Before and after, times as text."""
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in pair]
