"""noop: nothing to do. For benchmarks alone: only the owner of the tables can insert such a job."""

from typing import Final

import msgspec

from foliot.common.model.payloads.job_type import JobType


class Noop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty payload."""


JOB_TYPE: Final = JobType(name="noop", payload=Noop, does="Nothing.", succeeds="always", checks={}, public=False)
