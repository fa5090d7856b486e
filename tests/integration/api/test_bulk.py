"""Bulk: one action on many jobs, with the rules of the single action for each."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from foliot.api.bulk import request as bulk_request
from foliot.api.web import large_bodies

from .conftest import SCRIPT, Api


async def bulk(api: Api, body: Any, status: int = 200, **headers: str) -> Any:
    code, answer, _ = await api.call("POST", "/v1/jobs/bulk", body, **headers)
    assert code == status, answer
    return answer


async def some_jobs(api: Api, count: int, **fields: Any) -> list[int]:
    return [(await api.create(job_name=f"bulk {n}", **fields))["job_id"] for n in range(count)]


async def statuses(api: Api, job_ids: list[int]) -> list[str]:
    rows = await api.rows("SELECT status FROM jobs WHERE job_id = ANY ($1) ORDER BY job_id", job_ids)
    return [row["status"] for row in rows]


async def test_each_job_takes_the_step_or_names_why_not(api: Api) -> None:
    first, second, third = await some_jobs(api, 3)
    await api.call("POST", f"/v1/jobs/{second}/pause")
    answer = await bulk(api, {"action": "pause", "job_ids": [third, second, 999_999_999, first]})
    assert (answer["matched"], answer["done"], answer["failed"]) == (4, 2, 2)
    third_row, second_row, unknown, first_row = answer["results"]
    assert (third_row, first_row) == ({"index": 0, "job_id": third}, {"index": 3, "job_id": first})
    _, alone, _ = await api.call("POST", f"/v1/jobs/{second}/pause")
    told = ("code", "detail", "status")
    assert {name: second_row["error"][name] for name in told} == {name: alone[name] for name in told}
    assert unknown["error"]["code"] == "not_found"
    assert await statuses(api, [first, second, third]) == ["PAUSED"] * 3


async def test_every_change_is_audited_as_the_single_one_is(api: Api) -> None:
    job_ids = await some_jobs(api, 2)
    alone = (await api.create(job_name="bulk 0"))["job_id"]
    for action, name in (
        ("pause", "PAUSE_JOB"),
        ("resume", "RESUME_JOB"),
        ("run", "RUN_JOB"),
        ("cancel", "CANCEL_JOB"),
    ):
        assert (await bulk(api, {"action": action, "job_ids": job_ids}))["done"] == 2
        await api.call("POST", f"/v1/jobs/{alone}/{action}")
        rows = await api.rows(
            """SELECT resource_id, user_id, key_id, old_value, new_value - 'execution_id' AS new_value, host(ip_address) FROM audit_logs
               WHERE action = $1 AND resource_id = ANY ($2) ORDER BY resource_id""",
            name, [*job_ids, alone],
        )  # fmt: skip
        assert [row["resource_id"] for row in rows] == [*job_ids, alone]
        assert all(row | {"resource_id": 0} == rows[-1] | {"resource_id": 0} for row in (rows[0], rows[2]))


async def test_a_step_of_many_leaves_the_ledger_as_single_steps_do(api: Api) -> None:
    """Open runs are cancelled, versions follow each other, a job without a tick gets its end."""
    for action in ("pause", "cancel", "delete"):
        together, apart = (
            await some_jobs(api, 1, overlap_policy="allow"),
            await some_jobs(api, 1, overlap_policy="allow"),
        )
        for job_id in (*together, *apart):
            for _ in range(2):
                await api.call("POST", f"/v1/jobs/{job_id}/run", {"overlap_policy": "allow"})
        await bulk(api, {"action": action, "job_ids": together})
        method, path = ("DELETE", "") if action == "delete" else ("POST", f"/{action}")
        await api.call(method, f"/v1/jobs/{apart[0]}{path}")
        assert await ledger(api, together[0]) == await ledger(api, apart[0])


async def test_a_job_that_is_left_without_a_tick_gets_its_end(api: Api) -> None:
    together, apart = [(await api.create(max_runs=1))["job_id"] for _ in range(2)]
    for job_id in (together, apart):
        await api.call("POST", f"/v1/jobs/{job_id}/pause")
    await api.rows("UPDATE jobs SET runs_planned = 1 WHERE job_id = ANY ($1) RETURNING 1", [together, apart])
    await bulk(api, {"action": "resume", "job_ids": [together]})
    await api.call("POST", f"/v1/jobs/{apart}/resume")
    assert await ledger(api, together) == await ledger(api, apart)
    assert await statuses(api, [together]) == ["FAILED"]


async def ledger(api: Api, job_id: int) -> Any:
    jobs = await api.rows(
        """SELECT status, next_run_time, paused_run_time, version, deleted_at IS NULL, labels, set,
               (SELECT last_status FROM last_statuses l WHERE l.job_id = j.job_id),
               EXISTS (SELECT FROM listed_jobs l WHERE l.job_id = j.job_id) AS listed FROM jobs j WHERE job_id = $1""",
        job_id,
    )
    versions = await api.rows(
        """SELECT version, status, valid_to IS NULL, definition->>'previous_status' FROM job_versions WHERE job_id = $1
           ORDER BY valid_from""",
        job_id,
    )
    runs = await api.rows("SELECT status, end_time IS NULL FROM executions WHERE job_id = $1", job_id)
    return jobs, versions, runs


async def test_a_run_takes_the_overlap_policy_of_each_job(api: Api) -> None:
    made = [(await api.create(overlap_policy=policy))["job_id"] for policy in ("skip", "allow", "cancel_running")]
    await bulk(api, {"action": "run", "job_ids": made})
    answer = await bulk(api, {"action": "run", "job_ids": made})
    assert [row.get("error", {}).get("code") for row in answer["results"]] == ["overlap", None, None]
    rows = await api.rows(
        "SELECT job_id, status FROM executions WHERE job_id = ANY ($1) ORDER BY job_id, scheduled_time", made
    )
    assert [row["status"] for row in rows] == ["QUEUED", "QUEUED", "QUEUED", "CANCELLED", "QUEUED"]


async def test_labels_are_set_and_removed(api: Api) -> None:
    job_ids = await some_jobs(api, 2, labels={"env": "prod", "team": "a"})
    await bulk(api, {"action": "label", "job_ids": job_ids, "labels": {"env": None, "tier": "1"}})
    rows = await api.rows("SELECT labels, version FROM jobs WHERE job_id = ANY ($1)", job_ids)
    assert [(orjson.loads(row["labels"]), row["version"]) for row in rows] == [({"team": "a", "tier": "1"}, 2)] * 2


async def test_a_filter_chooses_as_the_list_does_and_a_dry_run_only_tells(api: Api) -> None:
    job_ids = await some_jobs(api, 7, labels={"chosen": "yes"})
    await some_jobs(api, 1, labels={"chosen": "no"})
    body = {"action": "pause", "filter": {"label": {"chosen": "yes"}, "status": "PENDING"}}
    dry = await bulk(api, body | {"dry_run": True})
    assert (dry["matched"], dry["done"], dry["results"], len(dry["examples"])) == (7, 0, [], 5)
    assert {one["job_id"] for one in dry["examples"]} < set(job_ids)
    assert await statuses(api, job_ids) == ["PENDING"] * 7
    assert (await bulk(api, body))["done"] == 7
    assert (await bulk(api, body))["matched"] == 0
    assert await statuses(api, job_ids) == ["PAUSED"] * 7


async def test_many_jobs_are_created_and_a_wrong_one_fails_alone(api: Api) -> None:
    await api.create(job_key="bulk-taken")
    jobs = [
        SCRIPT, SCRIPT | {"job_key": "bulk-taken"}, SCRIPT | {"priority": 10, "schedule": "never"},
        SCRIPT | {"job_key": "bulk-new"}, SCRIPT | {"job_key": "bulk-new"},
        SCRIPT | {"schedule": "2001-01-01T00:00:00Z"}, {"job_name": "\0"},
    ]  # fmt: skip
    answer = await bulk(api, {"action": "create", "jobs": jobs})
    assert (answer["matched"], answer["done"], answer["failed"]) == (7, 2, 5)
    codes = [row.get("error", {}).get("code") for row in answer["results"]]
    assert codes == [None, "job_key", "invalid", None, "invalid", "invalid", "invalid"]
    assert {error["field"] for error in answer["results"][2]["error"]["errors"]} == {"priority", "schedule"}
    for index in (0, 3):
        _, job, _ = await api.call("GET", f"/v1/jobs/{answer['results'][index]['job_id']}")
        assert (job["status"], job["version"], job["set"]) == ("PENDING", 1, None)
    (audited,) = await api.rows(
        "SELECT count(*) FROM audit_logs WHERE action = 'CREATE_JOB' AND resource_id = $1",
        answer["results"][3]["job_id"],
    )
    assert audited["count"] == 1


async def test_lines_are_taken_too(api: Api) -> None:
    lines = [orjson.dumps(SCRIPT | {"job_name": f"line {n}"}) for n in range(3)]
    kind = {"Content-Type": "application/x-ndjson"}
    status, answer = await api.raw("POST", "/v1/jobs/bulk", b"\n".join([*lines, b"", b"{broken"]), **kind)
    assert (status, answer["done"], answer["failed"]) == (200, 3, 1)
    assert answer["results"][3]["error"]["code"] == "malformed"
    head = b'{"action": "apply", "set": "of lines"}'
    keyed = [orjson.dumps(SCRIPT | {"job_key": f"line {n}"}) for n in range(3)]
    status, answer = await api.raw("POST", "/v1/jobs/bulk", b"\n".join([head, *keyed]), **kind)
    assert (status, answer["done"]) == (200, 3), answer


async def test_one_key_creates_once(api: Api) -> None:
    body = {"action": "create", "jobs": [SCRIPT | {"job_name": "once"}] * 3}
    first = await bulk(api, body, Idempotency_Key="bulk once")
    assert await bulk(api, body, Idempotency_Key="bulk once") == first
    (row,) = await api.rows("SELECT count(*) FROM jobs WHERE job_name = 'once'")
    assert row["count"] == 3
    await bulk(api, body | {"dry_run": True}, 422, Idempotency_Key="bulk once")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"action": "pause"}, {"job_ids"}),
        ({"action": "pause", "job_ids": [1], "filter": {}}, {"job_ids"}),
        ({"action": "pause", "job_ids": [1, 1]}, {"job_ids"}),
        ({"action": "pause", "filter": {"pol": "x", "priority": 12}}, {"filter.pol", "filter.priority"}),
        ({"action": "label", "filter": {}}, {"labels"}),
        ({"action": "create"}, {"jobs"}),
        ({"action": "create", "jobs": {}}, {"jobs"}),
        ({"action": "create", "jobs": [{}] * 1_001}, {"jobs"}),
        ({"action": "create", "jobs": [], "set": "x"}, {"set"}),
        ({"action": "apply", "jobs": []}, {"set"}),
        ({"action": "pause", "job_ids": [1], "jobs": []}, {"jobs"}),
        ({"action": "dance"}, {"action"}),
    ],
)
async def test_a_wrong_request_names_its_fields(api: Api, body: Any, fields: set[str]) -> None:
    answer = await bulk(api, body, 422)
    assert {error["field"] for error in answer["errors"]} == fields


async def test_roles(api: Api) -> None:
    (job_id,) = await some_jobs(api, 1)
    keys = {role: await api.key_for(role) for role in ("viewer", "runner", "operator")}
    for role, action, status in (
        ("viewer", "run", 403), ("runner", "run", 200), ("runner", "pause", 403), ("operator", "pause", 200)
    ):  # fmt: skip
        await bulk(api, {"action": action, "job_ids": [job_id]}, status, Authorization=f"Bearer {keys[role]}")


async def test_jobs_of_another_team_are_not_there(api: Api) -> None:
    (job_id,) = await some_jobs(api, 1, job_key="bulk secret", labels={"whose": "ours"})
    stranger = {"Authorization": f"Bearer {await api.key_for('admin', 9, 90)}"}
    for action in ("pause", "cancel", "delete", "run"):
        foreign = await bulk(api, {"action": action, "job_ids": [job_id]}, **stranger)
        nothing = await bulk(api, {"action": action, "job_ids": [987_654_321]}, **stranger)
        text = orjson.dumps(foreign).replace(b"no job %d" % job_id, b"no job 987654321")
        assert orjson.loads(text) == nothing
        assert (await bulk(api, {"action": action, "filter": {}}, **stranger))["matched"] == 0
    created = await bulk(api, {"action": "create", "jobs": [SCRIPT | {"job_key": "bulk secret"}]}, **stranger)
    assert created["done"] == 1  # a job_key is the team's own
    assert await statuses(api, [job_id]) == ["PENDING"]


async def test_a_body_may_be_large_here_alone(api: Api) -> None:
    job = orjson.dumps(SCRIPT | {"payload": {"script": "x" * 60_000}})
    lines = b"\n".join([job] * 40)
    assert len(lines) > 2 * 2**20
    kind = {"Content-Type": "application/x-ndjson"}
    status, answer = await api.raw("POST", "/v1/jobs/bulk", lines, **kind)
    assert (status, answer["done"]) == (200, 40)
    assert (await api.raw("POST", "/v1/jobs", b'{"description": "%b"}' % (b"x" * 2**20)))[0] == 413
    assert (await api.raw("POST", "/v1/jobs/bulk", b" " * (32 * 2**20 + 1), **kind))[0] == 413


async def test_few_large_bodies_are_held_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one needs no place."""
    lines = orjson.dumps(SCRIPT | {"payload": {"script": "x" * 60_000}}) + b"\n"
    kind = {"Content-Type": "application/x-ndjson"}
    monkeypatch.setattr(large_bodies, "PLACES", 0)
    status, answer = await api.raw("POST", "/v1/jobs/bulk", lines * 20, **kind)
    assert (status, answer["code"]) == (503, "busy")
    await bulk(api, {"action": "create", "jobs": [SCRIPT]})
    monkeypatch.setattr(large_bodies, "PLACES", 1)
    for _ in range(2):
        assert (await api.raw("POST", "/v1/jobs/bulk", lines * 20, **kind))[0] == 200


async def test_more_jobs_than_may_be_created_are_refused_before_they_are_read() -> None:
    with pytest.raises(bulk_request.Invalid):
        bulk_request.decode(b'{"action":"create","jobs":[%b]}' % b",".join([b"{}"] * 1_001), lines=False)
