"""PUT /v1/jobs/by-key/{job_key}."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from foliot.api.jobs.creation import Created
from foliot.api.jobs.putting import Put, put, with_key
from foliot.api.queries.jobs import SeenJob
from foliot.api.views.created import created_answer
from foliot.api.views.job import members_of, shown
from foliot.api.views.served import Served
from foliot.api.web.answers import JsonAnswer, dump
from foliot.api.web.bodies import parse_object
from foliot.api.web.call import Call
from foliot.api.web.changes import Changes
from foliot.api.web.etags import etag
from foliot.api.web.open_change import OpenChange


class KeyedJobHandlers:
    def __init__(self, changes: Changes, served: Served) -> None:
        self._changes = changes
        self._served = served

    async def put(self, call: Call[None, bytes]) -> web.Response:
        assert call.job_key is not None

        def present(job: SeenJob) -> dict[str, Any]:
            return parse_object(dump(members_of(job, call.principal)))

        wanted = Put(
            key=call.job_key, body=with_key(parse_object(call.body), call.job_key), if_match=call.if_match,
            if_none_match=call.if_none_match, shown=present,
        )  # fmt: skip

        async def work(change: OpenChange) -> JsonAnswer:
            found = await put(change, wanted)
            fleet = await self._served.fleet()
            if isinstance(found, Created):
                return created_answer(found, fleet)
            return JsonAnswer(body=shown(found, change.principal, fleet), headers={"ETag": etag(found.version)})

        return await self._changes.make(call, work)
