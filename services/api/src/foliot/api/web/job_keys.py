"""Job keys in paths: the job that a caller means by a job_key."""

from __future__ import annotations

from aiohttp import web

from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Principal
from foliot.api.web.operation import JOB_KEY
from foliot.common.errors import NotFound

MAX_KEY = 255
"""Characters of a job_key."""


class JobKeys:
    """Finds jobs by their keys. A key is unique for its owner, so it always means a job of the caller's own team, or of
    its user without a team: also for an admin who sees the jobs of all teams."""

    def __init__(self, database: UnitsOfWork) -> None:
        self._database = database

    async def job_id(self, principal: Principal, key: str, *, deleted: bool) -> int:
        """`deleted`: if no job has the key, the last deleted one that had it. Raises NotFound."""
        async with self._database.session() as unit:
            found = await unit.keyed_jobs.find_job(principal.owner, key)
            if found is None and deleted:
                found = await unit.keyed_jobs.find_deleted_job(principal.owner, key)
        if found is None:
            raise unknown_key(key)
        return found


def key_in(request: web.Request) -> str:
    """The key in the path, in which / is %2F. Text that PostgreSQL cannot hold names nothing: NotFound."""
    key = request.match_info[JOB_KEY]
    if len(key) > MAX_KEY or "\0" in key or any("\ud800" <= one <= "\udfff" for one in key):
        raise unknown_key(key)
    return key


def unknown_key(key: str) -> NotFound:
    return NotFound(f"there is no job with the job_key {key[:40]!a}")
