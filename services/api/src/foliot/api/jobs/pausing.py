"""The body of a pause: why, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from foliot.api.web.auth import Principal
from foliot.api.web.fields import convert_fields
from foliot.common.clock import rfc3339
from foliot.common.errors import FieldError, Invalid
from foliot.common.ledger.pauses import NewPause


class PauseRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`until`: the job is resumed by itself then."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)] | None = None
    until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises Invalid if the pause would end before it begins, by the database's clock."""
        if self.until is not None and self.until <= now:
            raise Invalid([FieldError("until", f"{rfc3339(self.until)} has passed: give a time in the future")])

    def noted(self, job_id: int, author: Principal, now: datetime) -> NewPause:
        return NewPause(
            job_id=job_id, user_id=author.user_id, key_id=author.key_id, paused_at=now, reason=self.reason,
            until=self.until,
        )  # fmt: skip

    def audited(self) -> dict[str, Any]:
        """What is said of it in the audit row, beside the job."""
        until = None if self.until is None else rfc3339(self.until)
        return {name: value for name, value in (("reason", self.reason), ("until", until)) if value is not None}


PLAINLY = PauseRequest()
"""A pause without a reason that lasts until somebody resumes the job."""


def decode(body: dict[str, Any]) -> PauseRequest:
    """Raises Invalid."""
    values, errors = convert_fields(body, PauseRequest)
    if errors:
        raise Invalid(errors)
    return PauseRequest(**values)
