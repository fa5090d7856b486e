"""API keys: who may make which, what is shown of them, and what it takes to revoke one."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.api.queries.unit import Unit
from foliot.api.web.auth import Keys
from foliot.common.errors import Unauthorized
from foliot.common.ledger.database import Database
from support.clocks import ManualClock
from support.databases import TestDatabase

from .conftest import SCRIPT, Api, open_api


async def make(api: Api, key: str | None = None, **fields: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    status, answer, _ = await api.call("POST", "/v1/api-keys", {"name": "k", "role": "operator"} | fields, **headers)
    return status, answer


def wrong(answer: dict[str, Any]) -> list[str]:
    return [error["field"] for error in answer["errors"]]


async def test_a_team_exists_once_it_was_made_on_purpose(api: Api) -> None:
    status, answer = await make(api, team_id=31)
    assert (status, wrong(answer)) == (422, ["team_id"])
    assert "create_team" in answer["errors"][0]["message"]
    assert (await make(api, team_id=31, create_team=True))[0] == 201
    assert (await make(api, team_id=31, create_team=True))[0] == 201
    assert (await make(api, team_id=31))[0] == 201
    assert wrong((await make(api, create_team=True))[1]) == ["create_team"]


async def test_create_key_makes_the_team_it_names(api: Api) -> None:
    await api.key_for("viewer", 9, 32)
    assert (await make(api, team_id=32))[0] == 201


async def test_a_teams_admin_makes_no_key_that_speaks_as_a_stranger(api: Api) -> None:
    """Users of other teams, and users without a team; its own and new ones it may."""
    admin = await api.key_for("admin", 41, 33)
    await api.key_for("viewer", 42, 33)
    await api.key_for("viewer", 43, 34)
    await api.key_for("viewer", 44, None)
    made = {user: (await make(api, admin, user_id=user))[0] for user in (41, 42, 43, 44, 45)}
    assert made == {41: 201, 42: 201, 43: 422, 44: 422, 45: 201}
    assert (await make(api, admin))[1]["user_id"] == 41
    assert (await make(api, user_id=43, team_id=33))[0] == 201  # an admin without a team does it on purpose
    assert wrong((await make(api, admin, create_team=True))[1]) == ["create_team"]


@pytest.mark.parametrize(
    ("field", "value"), [("expires_at", "2020-01-01T00:00:00Z"), ("name", "two\nlines"), ("role", "root")]
)
async def test_what_makes_no_sense_is_refused_by_name(api: Api, field: str, value: str) -> None:
    status, answer = await make(api, **{field: value})
    assert (status, wrong(answer)) == (422, [field])


async def test_a_runner_reads_and_runs(api: Api) -> None:
    job = await api.create(overlap_policy="allow")
    runner = {"Authorization": f"Bearer {await api.key_for('runner')}"}
    run = f"/v1/jobs/{job['job_id']}/run"
    status, execution, _ = await api.call("POST", run, **runner)
    assert status == 202
    assert (await api.call("GET", f"/v1/jobs/{job['job_id']}", **runner))[0] == 200
    refused = [
        ("POST", run, {"payload": {"script": "false"}}), ("POST", "/v1/jobs", SCRIPT),
        ("PATCH", f"/v1/jobs/{job['job_id']}", {"priority": 1}), ("DELETE", f"/v1/jobs/{job['job_id']}", None),
        ("POST", f"/v1/jobs/{job['job_id']}/pause", None),
        ("POST", f"/v1/executions/{execution['execution_id']}/cancel", None), ("GET", "/v1/api-keys", None),
    ]  # fmt: skip
    for method, path, body in refused:
        assert (await api.call(method, path, body, **runner))[0] == 403, (method, path)
    viewer = {"Authorization": f"Bearer {await api.key_for('viewer')}"}
    assert (await api.call("POST", run, **viewer))[0] == 403


async def test_the_last_admin_key_is_revoked_on_purpose_only(database: TestDatabase) -> None:
    async with open_api(database) as api:
        (first,) = (await api.call("GET", "/v1/api-keys"))[1]["items"]
        await api.key_for("admin", 1, 7)
        path = f"/v1/api-keys/{first['key_id']}"
        status, answer, _ = await api.call("DELETE", path)
        assert (status, answer["code"]) == (409, "last_admin_key")
        assert "force=true" in answer["detail"]
        assert wrong((await api.call("DELETE", f"{path}?force=yes"))[1]) == ["force"]
        assert (await api.call("GET", "/v1/api-keys"))[0] == 200
        assert (await api.call("DELETE", f"{path}?force=true"))[0] == 200


async def test_two_admins_do_not_revoke_each_other_at_once(database: TestDatabase) -> None:
    """The second sees what the first did: one valid admin key is left."""
    async with open_api(database) as api, database.owner() as sql:
        await api.key_for("admin")
        first, second = [item["key_id"] for item in (await api.call("GET", "/v1/api-keys"))[1]["items"]]
        async with sql.transaction():
            await sql.execute("SELECT FROM api_keys WHERE key_id = $1 FOR UPDATE", first)
            await sql.execute("UPDATE api_keys SET revoked_at = now() WHERE key_id = $1", first)
        assert (await api.call("DELETE", f"/v1/api-keys/{second}"))[0] == 409


async def test_keys_show_when_they_were_used(database: TestDatabase) -> None:
    clock = ManualClock()
    async with open_api(database) as api, Database(database.url("api"), Unit, size=2, name="t") as units:
        keys, key = Keys(units, clock), f"Bearer {await api.key_for('viewer')}"
        for _ in range(3):
            await keys.principal(key)
        await keys.note_use()
        used = {item["name"]: item["last_used_at"] for item in (await api.call("GET", "/v1/api-keys"))[1]["items"]}
        assert list(used) == ["test"]
        rows = await api.rows("SELECT last_used_at FROM api_keys ORDER BY key_id DESC LIMIT 1")
        assert rows[0]["last_used_at"] is not None
        await api.rows("UPDATE api_keys SET last_used_at = NULL RETURNING 1")
        await keys.note_use()  # nobody has used it since then
        assert (await api.rows("SELECT count(*) AS n FROM api_keys WHERE last_used_at IS NOT NULL"))[0]["n"] == 0


async def test_a_refused_key_is_not_looked_up_again_for_a_second(database: TestDatabase) -> None:
    clock = ManualClock()
    async with Database(database.url("api"), Unit, size=2, name="t") as units:
        counted = Counted(units)
        keys = Keys(counted, clock)  # type: ignore[arg-type]
        for seconds, lookups in ((0, 1), (0.5, 1), (0.6, 2)):
            await clock.sleep(seconds)
            with pytest.raises(Unauthorized):
                await keys.principal("Bearer nobody")
            assert counted.sessions == lookups
        for n in range(10_010):
            keys._refused[n.to_bytes(4)] = 0.0
        with pytest.raises(Unauthorized):
            await keys.principal("Bearer somebody else")
        assert len(keys._refused) <= 10_012


class Counted:
    """A database that counts its sessions."""

    def __init__(self, units: Database[Unit]) -> None:
        self._units = units
        self.sessions = 0

    def session(self) -> Any:
        self.sessions += 1
        return self._units.session()
