"""retry_policy in a definition: the model's fields, bounds and defaults, with every wrong member named."""

from __future__ import annotations

from typing import Any

import msgspec

from foliot.api.web.fields import Converted, convert_fields
from foliot.common.errors import FieldError
from foliot.common.model.payloads.http_request import STATUS
from foliot.common.model.retry import DEFAULT_POLICY, DEFAULT_RETRY_ON, STORED_BY_DEFAULT, RetryPolicy

_DEFAULTS = msgspec.structs.asdict(DEFAULT_POLICY)


class RetryFields(RetryPolicy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RetryPolicy from a caller: unlike in a row written by hand, an unknown member is an error."""


def convert_retry_policy(raw: dict[str, Any]) -> Converted:
    """The policy as it is stored: max_retries, and backoff_factor or delay_seconds, always; other members only if they
    differ from the defaults, so that an answer that is sent back stores what stood before."""
    values, errors = convert_fields(raw, RetryFields, "retry_policy.")
    for entry in values.get("retry_on") or []:
        if not (entry == "network" or STATUS.fullmatch(str(entry))):
            errors.append(
                FieldError("retry_policy.retry_on", f"{entry!r} is not a status (503), a class (5xx) or network")
            )
    given = {name: value for name, value in values.items() if value != _DEFAULTS[name] and not _is_default_list(value)}
    if "delay_seconds" not in given:
        return STORED_BY_DEFAULT | given, errors
    if "backoff_factor" in raw:
        message = "is a fixed delay in seconds, backoff_factor a growing one: give one of them"
        errors.append(FieldError("retry_policy.delay_seconds", message))
    return {"max_retries": DEFAULT_POLICY.max_retries} | given, errors


def _is_default_list(value: Any) -> bool:
    return isinstance(value, list) and [str(entry) for entry in value] == list(DEFAULT_RETRY_ON)
