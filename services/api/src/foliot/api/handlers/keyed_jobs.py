"""PUT /v1/jobs/by-key/{job_key}."""

from __future__ import annotations

from aiohttp import web

from foliot.api.jobs.creation import Created
from foliot.api.jobs.putting import put, with_key
from foliot.api.views.created import created_answer
from foliot.api.views.job import shown
from foliot.api.views.served import Served
from foliot.api.web.answers import JsonAnswer
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
        key, body = call.job_key, with_key(parse_object(call.body), call.job_key)

        async def work(change: OpenChange) -> JsonAnswer:
            found = await put(change, key, body, call.if_match, call.if_none_match)
            fleet = await self._served.fleet()
            if isinstance(found, Created):
                return created_answer(found, fleet)
            return JsonAnswer(body=shown(found, change.principal, fleet), headers={"ETag": etag(found.version)})

        return await self._changes.make(call, work)
