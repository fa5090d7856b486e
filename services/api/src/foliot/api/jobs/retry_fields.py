"""retry_policy in a definition: its bounds, and its defaults where members are left out."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta, Struct

from foliot.api.web.fields import Converted, convert_fields
from foliot.common.errors import FieldError
from foliot.common.model.retry import DEFAULT_POLICY, STORED_BY_DEFAULT

_ANSWER = re.compile(r"[1-5](xx|\d\d)")


class RetryFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds of the fields of RetryPolicy, which a test holds to it. Times in seconds."""

    max_retries: Annotated[int, Meta(ge=0, le=100)] = DEFAULT_POLICY.max_retries
    backoff_factor: Annotated[float, Meta(ge=0, le=3600)] = DEFAULT_POLICY.backoff_factor
    max_backoff: Annotated[float, Meta(ge=0, le=86_400 * 7)] = DEFAULT_POLICY.max_backoff
    jitter: Annotated[float, Meta(ge=0, le=1)] = DEFAULT_POLICY.jitter
    max_age: Annotated[float, Meta(gt=0, le=86_400 * 366)] | None = DEFAULT_POLICY.max_age
    retry_on: list[int | str] | None = DEFAULT_POLICY.retry_on


def convert_retry_policy(raw: dict[str, Any]) -> Converted:
    """The policy as it is stored: max_retries and backoff_factor always, other members only if they are given."""
    values, errors = convert_fields(raw, RetryFields, "retry_policy.")
    for entry in values.get("retry_on") or []:
        if not (entry == "network" or _ANSWER.fullmatch(str(entry))):
            errors.append(
                FieldError("retry_policy.retry_on", f"{entry!r} is not a status (503), a class (5xx) or network")
            )
    return STORED_BY_DEFAULT | values, errors
