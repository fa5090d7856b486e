"""No tenant sees or touches another's things, or learns that one exists: every route that names a thing is tried."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import SCRIPT, Api

OWNED = ("job_id", "execution_id", "key_id", "operation_id")
KEY = "a key of team 7"
PUT = ("PUT", "/v1/jobs/by-key/{job_key}")
BODIES: dict[str, Any] = {"PATCH": {"priority": 1}, "rollback": {"version": 1}}
"""Bodies without which a request would be refused before its thing is looked for."""


class Tenants:
    """A job, a dead letter of it and a key of team 7, and keys of others."""

    def __init__(self, api: Api, things: dict[str, Any], others: dict[str, str], own: str) -> None:
        self.api = api
        self.things = things
        self.others = others
        self.own = own

    async def call(self, key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, answer, _ = await self.api.call(method, path, body, Authorization=f"Bearer {key}")
        return status, answer

    async def state(self) -> list[dict[str, Any]]:
        """Everything of team 7 that a stranger could change."""
        return await self.api.rows(
            """SELECT j.status, j.version, j.deleted_at, e.status AS attempt, e.cancel_requested_at, d.closed_at,
                   (SELECT count(*) FROM executions) AS executions, (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL),
                   (SELECT count(*) AS operations FROM operations WHERE ended_at IS NULL)
               FROM jobs j JOIN executions e USING (job_id) JOIN dead_letters d USING (execution_id)"""
        )


@pytest.fixture
async def tenants(api: Api) -> Tenants:
    await api.rows("UPDATE jobs SET deleted_at = now() WHERE job_key = $1 RETURNING 1", KEY)  # of the test before
    own = await api.key_for("admin", 2, 7)
    authorization = {"Authorization": f"Bearer {own}"}
    _, job, _ = await api.call(
        "POST", "/v1/jobs", SCRIPT | {"retry_policy": {"max_retries": 0}, "job_key": KEY}, **authorization
    )
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run", **authorization)
    await api.rows(
        "UPDATE executions SET status = 'FAILED', end_time = now() WHERE execution_id = $1 RETURNING 1",
        run["execution_id"],
    )
    await api.rows(
        """INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, fingerprint)
           SELECT execution_id, scheduled_time, job_id, user_id, team_id, 1, 'FAILED', 'x' FROM executions
           WHERE execution_id = $1 RETURNING 1""",
        run["execution_id"],
    )
    (key,) = await api.rows("SELECT max(key_id) AS key_id FROM api_keys WHERE team_id = 7")
    (operation,) = await api.rows(
        """INSERT INTO operations (user_id, team_id, key_id, action, matched, request_id)
           VALUES (2, 7, $1, 'pause', 1, 'x') RETURNING operation_id""",
        key["key_id"],
    )
    others = {
        "another team's admin": await api.key_for("admin", 3, 8),
        "the same user without a team": await api.key_for("operator", 2, None),
        "another user without a team": await api.key_for("operator", 4, None),
    }
    things = {
        "job_id": job["job_id"], "execution_id": run["execution_id"], "key_id": key["key_id"], "job_key": KEY, **operation,
    }  # fmt: skip
    return Tenants(api, things, others, own)


def routes(api: Api) -> list[tuple[str, str]]:
    """(method, path) of every route that names a thing by its id."""
    found = {
        (route.method, route.resource.canonical)
        for route in api.client.app.router.routes()
        if route.resource is not None
        and (route.method, route.resource.canonical) != PUT  # which makes a job of the caller's own
        and route.resource.canonical.startswith("/v1")
        and "{" in route.resource.canonical
        and route.method != "HEAD"
    }
    assert len(found) >= 12
    return sorted(found)


async def test_a_thing_of_another_tenant_is_not_there(tenants: Tenants) -> None:
    """With the same answer as for an id that was never given."""
    before = await tenants.state()
    for method, path in routes(tenants.api):
        body = BODIES.get(method) or BODIES.get(path.rpartition("/")[2])
        foreign = path.format(**tenants.things)
        unknown = path.format(**dict.fromkeys(OWNED, 987_654_321), job_key="987654321")
        for who, key in tenants.others.items():
            status, answer = await tenants.call(key, method, foreign, body)
            if status == 403 and "api-keys" in path:
                continue  # an operator may not look at keys at all
            assert status == 404, (who, method, path, status)
            _, nothing = await tenants.call(key, method, unknown, body)
            told = {name: answer[name] for name in ("status", "code", "title")}
            assert told == {name: nothing[name] for name in told}
            (name,) = {str(one) for of, one in tenants.things.items() if "{" + of + "}" in path}
            assert answer["detail"].replace(name, "987654321") == nothing["detail"]
    assert await tenants.state() == before


async def test_no_list_shows_another_tenants_things(tenants: Tenants) -> None:
    for path in ("/v1/jobs", "/v1/executions", "/v1/dead-letters", "/v1/api-keys", "/v1/audit-logs", "/v1/operations"):
        _, own = await tenants.call(tenants.own, "GET", path)
        assert own["items"], path
        for who, key in tenants.others.items():
            status, page = await tenants.call(key, "GET", path)
            assert status == 403 or not any(item in own["items"] for item in page["items"]), (who, path)


async def test_nobody_replays_or_discards_another_tenants_dead_letters(tenants: Tenants) -> None:
    before = await tenants.state()
    chosen = {"execution_ids": [tenants.things["execution_id"]]}
    everything: dict[str, Any] = {"filter": {}}
    for who, key in tenants.others.items():
        for method, path in (("POST", "/v1/dead-letters/replay"), ("DELETE", "/v1/dead-letters")):
            assert (await tenants.call(key, method, path, chosen))[0] == 404, (who, path)
            assert await tenants.call(key, method, path, everything) == (200, {"matched": 0, "done": 0}), (who, path)
    assert await tenants.state() == before
