"""An attempt as the API shows it."""

from __future__ import annotations

from typing import Any

import msgspec

from foliot.api.views.served import Fleet
from foliot.common.model.execution import Execution
from foliot.common.model.states import ExecutionStatus


def shown_execution(execution: Execution, fleet: Fleet) -> dict[str, Any]:
    """With `reason`: why a run that waits cannot start as things are; null if nothing but its turn is in its way."""
    members = msgspec.structs.asdict(execution)
    datasource = members.pop("datasource")
    lack = fleet.lacks(execution.pool, datasource) if execution.status == ExecutionStatus.QUEUED else None
    return {**members, "reason": None if lack is None else lack.message}
