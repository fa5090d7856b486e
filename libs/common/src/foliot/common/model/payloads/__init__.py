"""Payloads of jobs: one module a job type, and the check that the API and the worker share.

A job type is registered once: by the `JOB_TYPE` of its module here. The API's checks and filters, the worker's metrics
and docs/job-types.md follow from the table; the worker's repertoire adds the executor, and a test compares the two.
Lengths are in characters unless they say bytes.
"""

import importlib
import pkgutil
from typing import Final

import msgspec

from foliot.common.model.payloads.checks import PayloadError
from foliot.common.model.payloads.job_type import JobType


def _registered() -> dict[str, JobType]:
    """name -> job type, of all modules of this package that register one."""
    modules = (importlib.import_module(info.name) for info in pkgutil.iter_modules(__path__, f"{__name__}."))
    found: list[JobType] = [module.JOB_TYPE for module in modules if hasattr(module, "JOB_TYPE")]
    return {job_type.name: job_type for job_type in found}


JOB_TYPES: Final = _registered()
PUBLIC: Final = tuple(name for name, job_type in JOB_TYPES.items() if job_type.public)
"""Job types that the API takes."""


def decode(job_type: str, payload: object) -> msgspec.Struct:
    """The payload as the Struct of its job_type.

    Raises PayloadError with every wrong field at once; its paths begin with `payload`, or are `job_type` if that is
    unknown. Whatever passes can be stored as JSONB (no NUL, no lone surrogate).
    """
    if job_type not in JOB_TYPES:
        raise PayloadError([("job_type", f"unknown job type; use {', '.join(PUBLIC)}")])
    return JOB_TYPES[job_type].decode(payload)
