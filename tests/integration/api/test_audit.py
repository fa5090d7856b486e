"""The audit log: every route that changes something leaves a row that its team's admin sees, with the key that did it."""

from __future__ import annotations

from typing import Any

from foliot.api.operations.table import OPERATIONS

from .conftest import SCRIPT, Api

HEADERS_WITH_SECRETS = {"Authorization": "Bearer s3cr3t", "X-Key": "s3cr3t", "Accept": "text/plain"}


class Team:
    """A team with an admin, an operator, and things of its own."""

    def __init__(self, api: Api, admin: str, operator: str) -> None:
        self.api = api
        self.admin = admin
        self.operator = operator

    async def call(self, method: str, path: str, body: Any = None, key: str | None = None, expect: int = 200) -> Any:
        status, answer, _ = await self.api.call(method, path, body, Authorization=f"Bearer {key or self.operator}")
        assert status == expect, (method, path, status, answer)
        return answer

    async def job(self, **fields: Any) -> int:
        body = SCRIPT | {"retry_policy": {"max_retries": 0}, "schedule": "manual", "overlap_policy": "allow"} | fields
        return int((await self.call("POST", "/v1/jobs", body, expect=201))["job_id"])

    async def run(self, job_id: int) -> int:
        return int((await self.call("POST", f"/v1/jobs/{job_id}/run", expect=202))["execution_id"])

    async def dead(self, job_id: int) -> int:
        """A run that was given up."""
        execution_id = await self.run(job_id)
        await self.api.rows(
            """WITH ended AS (UPDATE executions SET status = 'FAILED', end_time = now() WHERE execution_id = $1 RETURNING *)
               INSERT INTO dead_letters (execution_id, scheduled_time, job_id, user_id, team_id, attempt_number, status, fingerprint)
               SELECT execution_id, scheduled_time, job_id, user_id, team_id, 1, 'FAILED', 'x' FROM ended RETURNING 1""",
            execution_id,
        )
        return execution_id

    async def audit(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.call("GET", "/v1/audit-logs?limit=200", key=self.admin))["items"]
        return items[::-1]


async def team_of(api: Api, team_id: int) -> Team:
    return Team(api, await api.key_for("admin", 70, team_id), await api.key_for("operator", 71, team_id))


async def changes(team: Team) -> dict[tuple[str, str], str]:
    """Makes every change there is: route -> action of its row."""
    job = await team.job()
    await team.call("PATCH", f"/v1/jobs/{job}", {"priority": 1})
    await team.call("POST", f"/v1/jobs/{job}/pause")
    await team.call("POST", f"/v1/jobs/{job}/resume")
    execution = await team.run(job)
    await team.call("POST", f"/v1/executions/{execution}/cancel", expect=202)
    await team.call("POST", "/v1/dead-letters/replay", {"execution_ids": [await team.dead(job)]})
    await team.call("DELETE", "/v1/dead-letters", {"execution_ids": [await team.dead(job)]})
    await team.call("POST", f"/v1/jobs/{job}/cancel")
    await team.call("DELETE", f"/v1/jobs/{job}", expect=204)
    await team.call("POST", f"/v1/jobs/{job}/restore")
    key = await team.call("POST", "/v1/api-keys", {"name": "k", "role": "viewer"}, team.admin, expect=201)
    await team.call("DELETE", f"/v1/api-keys/{key['key_id']}", key=team.admin)
    many = {"action": "pause", "job_ids": list(range(1, 1_002))}
    operation = await team.call("POST", "/v1/jobs/bulk", many, expect=202)
    await team.call("POST", f"/v1/operations/{operation['operation_id']}/cancel")
    return {
        ("POST", "/v1/jobs"): "CREATE_JOB",
        ("PATCH", "/v1/jobs/{job_id}"): "UPDATE_JOB",
        ("DELETE", "/v1/jobs/{job_id}"): "DELETE_JOB",
        ("POST", "/v1/jobs/{job_id}/restore"): "RESTORE_JOB",
        ("POST", "/v1/jobs/{job_id}/pause"): "PAUSE_JOB",
        ("POST", "/v1/jobs/{job_id}/resume"): "RESUME_JOB",
        ("POST", "/v1/jobs/{job_id}/cancel"): "CANCEL_JOB",
        ("POST", "/v1/jobs/{job_id}/run"): "RUN_JOB",
        ("POST", "/v1/jobs/bulk"): "START_OPERATION",
        ("POST", "/v1/operations/{operation_id}/cancel"): "CANCEL_OPERATION",
        ("POST", "/v1/executions/{execution_id}/cancel"): "CANCEL_EXECUTION",
        ("POST", "/v1/dead-letters/replay"): "REPLAY_EXECUTION",
        ("DELETE", "/v1/dead-letters"): "DISCARD_DEAD_LETTER",
        ("POST", "/v1/api-keys"): "CREATE_KEY",
        ("DELETE", "/v1/api-keys/{key_id}"): "REVOKE_KEY",
    }


READS = {("POST", "/v1/schedules/preview")}
"""Routes that change nothing whatever their method."""
AS_OTHERS = {("POST", "/v1/jobs/{job_id}/rollback"), ("PUT", "/v1/jobs/by-key/{job_key}")}
"""Routes that are audited as an edit or a creation; their own tests look at it."""
BY_KEY = {(one.method, one.path) for one in OPERATIONS if one.origin is not None}
"""Routes with the handler of another one."""


async def test_every_change_is_in_the_audit_of_its_team(api: Api) -> None:
    team = await team_of(api, 21)
    made = await changes(team)
    rows = {row["action"]: row for row in await team.audit() if row["key_id"] is not None}
    assert set(made.values()) <= set(rows)
    for action in made.values():
        row = rows[action]
        assert (row["key_name"], row["user_id"]) in (("test", 70), ("test", 71)), row
    routes = {
        (route.method, route.resource.canonical)
        for route in api.client.app.router.routes()
        if route.resource is not None and route.method not in ("GET", "HEAD")
    }
    assert routes - READS - AS_OTHERS - BY_KEY == set(made), "a route that changes something is missing in this test"


async def test_no_row_of_the_audit_holds_a_secret(api: Api) -> None:
    """Created, edited, run with another payload: hidden from everybody, the admin without a team among them."""
    team = await team_of(api, 22)
    payload = {"url": "http://example.com/", "headers": HEADERS_WITH_SECRETS}
    job = await team.job(job_type="http_request", payload=payload)
    await team.call("PATCH", f"/v1/jobs/{job}", {"payload": {"headers": {"X-Token": "s3cr3t", "Accept": "a/b"}}})
    await team.call("POST", f"/v1/jobs/{job}/run", {"payload": payload}, expect=202)
    assert "s3cr3t" not in str(await team.audit())
    assert "s3cr3t" not in str((await api.call("GET", "/v1/audit-logs"))[1])
    assert "(hidden)" in str(await team.audit())
