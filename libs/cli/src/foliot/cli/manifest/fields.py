"""The fields of a definition, by job type, and a definition in full: what is left out has the API's default."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple, get_args

from foliot.client import types
from foliot.client.defaults import DEFAULTS

Fields = dict[str, Any]
_INSTANTS: Final = ("start_at", "end_at")


class Kind(NamedTuple):
    """`defaults` and `payload_defaults`: of what a body leaves out."""

    fields: tuple[str, ...]
    payload_fields: tuple[str, ...]
    defaults: Fields
    payload_defaults: Fields


def _kinds() -> dict[str, Kind]:
    made = {}
    for struct in get_args(types.NewJob):
        payload = struct.__annotations__["payload"]
        payload_fields = getattr(types, payload).__struct_fields__
        own = DEFAULTS[struct.__name__], DEFAULTS.get(payload, {})
        made[str(struct.__struct_config__.tag)] = Kind(struct.__struct_fields__, payload_fields, *own)
    return made


KINDS: Final = _kinds()


def in_full(job: Fields) -> Fields:
    """What the job is, as sent or as shown: two that are equal mean the same."""
    kind = KINDS[job["job_type"]]
    given = {name: job[name] for name in kind.fields if job.get(name) is not None}
    full = {name: value for name, value in kind.defaults.items() if value is not None} | given
    full |= {"job_type": job["job_type"], "payload": kind.payload_defaults | job["payload"]}
    full["retry_policy"] = _retry_in_full(job.get("retry_policy") or {})
    for name in _INSTANTS:
        if name in full:
            full[name] = datetime.fromisoformat(str(full[name]))
    return full


def short(job: Fields) -> Fields:
    """What differs from the defaults: as a manifest writes it."""
    kind = KINDS[job["job_type"]]
    full = in_full(job)
    made: Fields = {name: full[name] for name in ("job_name", "description", "job_type", "schedule") if name in full}
    made |= {name: value for name, value in full.items() if value != kind.defaults.get(name) and name not in made}
    made["payload"] = {
        name: value for name, value in job["payload"].items() if value != kind.payload_defaults.get(name)
    }
    policy, usual = full["retry_policy"], _retry_in_full({})
    made["retry_policy"] = {name: value for name, value in policy.items() if usual.get(name) != value}
    if not made["retry_policy"]:
        del made["retry_policy"]
    for name in _INSTANTS:
        if name in made:
            made[name] = job[name]
    return {name: value for name, value in made.items() if name != "job_key"}


def _retry_in_full(policy: Fields) -> Fields:
    """A fixed delay stands in place of backoff_factor."""
    given = {name: value for name, value in policy.items() if value is not None}
    full = {name: value for name, value in DEFAULTS["NewRetryPolicy"].items() if value is not None} | given
    if "delay_seconds" in full:
        full.pop("backoff_factor", None)
    return full
