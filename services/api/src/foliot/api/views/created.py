"""The answer to a creation."""

from __future__ import annotations

import orjson

from foliot.api.jobs.creation import Created
from foliot.api.views.job import warnings
from foliot.api.views.served import Fleet, datasource_of
from foliot.api.web.answers import JsonAnswer, dump
from foliot.api.web.etags import etag


def created_answer(created: Created, fleet: Fleet) -> JsonAnswer:
    """201, with the job as it would be read, made of what was stored."""
    headers = {"Location": f"/v1/jobs/{created.job_id}", "ETag": etag(1)}
    wanted = created.definition
    lack = fleet.lacks(wanted.pool, datasource_of(wanted.job_type, wanted.payload))
    body = orjson.Fragment(b'{%b,"warnings":%b}' % (created.shown, dump(warnings(lack))[:-1]))
    return JsonAnswer(status=201, body=body, headers=headers)
