"""The API without a database: the same middleware, body, validation and answer, and nothing is written.

What POST /v1/jobs could do at most in one process. `python -m benchmarks.ceiling PORT KEY`
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import msgspec
import structlog
import uvloop
from aiohttp import web

from foliot.api import events, jobs
from foliot.api.auth import Principal, Role, hash_key
from foliot.api.bodies import Answer, read_object, respond
from foliot.api.definitions import decode, first_tick, timetable
from foliot.api.middleware import around, principal_of
from foliot.common import logs
from foliot.common.models import Job


class OneKey:
    """Knows one key, as an API that has just looked it up."""

    def __init__(self, key: str) -> None:
        self._hash = hash_key(key)

    async def principal(self, authorization: str | None) -> Principal:
        assert hash_key((authorization or "").removeprefix("Bearer ")) == self._hash
        return Principal(key_id=1, user_id=1, team_id=None, role=Role.ADMIN)


async def create(request: web.Request) -> web.Response:
    """As the API's, up to the transaction and from its end."""
    principal_of(request).require(Role.OPERATOR)
    definition = decode(await read_object(request))
    now = datetime.now(UTC)
    times = timetable(definition, now, f"None:{definition.job_name}")
    stored = {"job_id": 1, "user_id": 1, "team_id": None, "schedule_since": now, "spread_key": "", "status": "PENDING"}
    stored |= {
        "next_run_time": first_tick(times, now, definition.misfire_grace_seconds),
        "version": 1,
        "runs_planned": 0,
    }
    stored |= {"created_at": now, "updated_at": now}
    empty = dict.fromkeys(Job.__struct_fields__)
    job = Job(**empty | msgspec.structs.asdict(definition) | stored)
    structlog.get_logger().info(events.CHANGED, action="CREATE_JOB", user_id=1, team_id=None, key_id=1, job_id=1)
    headers = {"Location": f"/v1/jobs/{job.job_id}", "ETag": jobs.etag(job)}
    return respond(Answer(status=201, body=jobs.view(job), headers=headers))


async def serve(port: int, key: str) -> None:
    app = web.Application(middlewares=[around(OneKey(key))])  # type: ignore[arg-type]
    app.router.add_post("/v1/jobs", create)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure("api", "INFO")
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
