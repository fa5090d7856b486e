"""retry_policy in a definition: the model's fields, bounds and defaults, with every wrong member named."""

from __future__ import annotations

from typing import Any

from foliot.api.web.fields import Converted, convert_fields
from foliot.common.errors import FieldError
from foliot.common.model.payloads.http_request import STATUS
from foliot.common.model.retry import STORED_BY_DEFAULT, RetryPolicy


class RetryFields(RetryPolicy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RetryPolicy from a caller: unlike in a row written by hand, an unknown member is an error."""


def convert_retry_policy(raw: dict[str, Any]) -> Converted:
    """The policy as it is stored: max_retries and backoff_factor always, other members only if they are given."""
    values, errors = convert_fields(raw, RetryFields, "retry_policy.")
    for entry in values.get("retry_on") or []:
        if not (entry == "network" or STATUS.fullmatch(str(entry))):
            errors.append(
                FieldError("retry_policy.retry_on", f"{entry!r} is not a status (503), a class (5xx) or network")
            )
    return STORED_BY_DEFAULT | values, errors
