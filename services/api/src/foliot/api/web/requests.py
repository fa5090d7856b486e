"""Bodies of requests that are not a job's definition."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec


class RunOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run shall do differently."""

    payload: dict[str, Any] | None = None
    overlap_policy: Literal["skip", "queue_one", "allow", "cancel_running"] | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    role: Literal["viewer", "operator", "admin"]
    user_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    team_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    expires_at: datetime | None = None
