"""A retry policy as the API shows it: every member in force, and the delays that it makes, in words."""

from __future__ import annotations

from typing import Any

import msgspec

from foliot.common.model.retry import DEFAULT_RETRY_ON, STORED_BY_DEFAULT, RetryPolicy, policy_from

_ALL_NAMED = 6
"""Delays that are listed one by one; of more, the first ones and the last."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class ShownPolicy(msgspec.Struct, frozen=True):
    """`members`: those in force, `delays`: the text of `retry_delays`."""

    members: dict[str, Any]
    delays: str


def shown_policy(stored: dict[str, Any], job_type: str) -> ShownPolicy:
    if stored == STORED_BY_DEFAULT:
        return _DEFAULT_HTTP if job_type == "http_request" else _DEFAULT
    return _shown(policy_from(stored), http=job_type == "http_request")


def _shown(policy: RetryPolicy, *, http: bool) -> ShownPolicy:
    members = {name: _plain(value) for name, value in msgspec.structs.asdict(policy).items()}
    del members["backoff_factor" if policy.delay_seconds is not None else "delay_seconds"]
    if policy.retry_on is None:
        members["retry_on"] = list(DEFAULT_RETRY_ON) if http else None
    return ShownPolicy(members, _delays(policy))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _delays(policy: RetryPolicy) -> str:
    """As in `3 s, 9 s, 27 s`."""
    if policy.max_retries == 0:
        return "no retry"
    numbers = list(range(1, policy.max_retries + 1))
    if len(numbers) > _ALL_NAMED:
        numbers[_ALL_NAMED - 1 : -1] = []
    texts = [duration(policy.plain_delay(number)) for number in numbers]
    if policy.max_retries > _ALL_NAMED:
        texts.insert(-1, "...")
    jitter = f", each +/- {policy.jitter:.0%}".replace("%", " %") if policy.jitter else ""
    return ", ".join(texts) + jitter


def duration(seconds: float) -> str:
    """`27` -> `27 s`, `90` -> `90 s`, `5400` -> `1 h 30 min`."""
    if seconds <= 120:
        return f"{seconds:g} s"
    parts, rest = [], round(seconds)
    for size, unit in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts)


_DEFAULT = _shown(policy_from(STORED_BY_DEFAULT), http=False)
_DEFAULT_HTTP = _shown(policy_from(STORED_BY_DEFAULT), http=True)
