"""Jobs by their keys: create or replace, and every path of a job once more."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from foliot.api.operations.by_key import BY_ID, BY_KEY
from foliot.api.operations.table import OPERATIONS

from .conftest import SCRIPT, Api

WITHOUT_NAME = {name: value for name, value in SCRIPT.items() if name != "job_name"}


def of(key: str, below: str = "") -> str:
    return f"/v1/jobs/by-key/{quote(key, safe='')}{below}"


async def audited(api: Api, job_id: int) -> list[str]:
    rows = await api.rows(
        "SELECT action FROM audit_logs WHERE resource_type = 'JOB' AND resource_id = $1 ORDER BY audit_id", job_id
    )
    return [row["action"] for row in rows]


async def stored(api: Api, job_id: int) -> dict[str, Any]:
    """The row, with the transaction that wrote or locked it last."""
    (row,) = await api.rows("SELECT *, xmin::text, xmax::text FROM jobs WHERE job_id = $1", job_id)
    return row


def test_every_operation_of_a_job_exists_by_key_too() -> None:
    """But for the one that only makes sense by key."""
    by_id = {(one.method, one.path, one.role) for one in OPERATIONS if one.path.startswith(BY_ID)}
    by_key = {(one.method, one.path, one.role) for one in OPERATIONS if one.path.startswith(BY_KEY)}
    put = {one for one in by_key if one[0] == "PUT"}
    assert {(method, path.replace(BY_ID, BY_KEY), role) for method, path, role in by_id} == by_key - put
    assert len(put) == 1


async def test_a_put_creates_and_then_replaces(api: Api) -> None:
    status, made, headers = await api.call("PUT", of("first"), SCRIPT | {"priority": 3})
    assert (status, made["job_key"], made["priority"], made["version"]) == (201, "first", 3, 1)
    assert (headers["Location"], headers["ETag"]) == (f"/v1/jobs/{made['job_id']}", '"1"')
    status, replaced, headers = await api.call("PUT", of("first"), SCRIPT | {"labels": {"a": "b"}})
    assert (status, replaced["job_id"], replaced["version"]) == (200, made["job_id"], 2)
    assert (replaced["priority"], replaced["labels"]) == (0, {"a": "b"})  # left out: the default
    assert ("Location" in headers, headers["ETag"]) == (False, '"2"')
    assert await audited(api, made["job_id"]) == ["CREATE_JOB", "UPDATE_JOB"]


async def test_an_equal_definition_locks_and_changes_nothing(api: Api) -> None:
    body = SCRIPT | {"schedule": "@every 1h", "retry_policy": {"max_retries": 3}}
    _, made, _ = await api.call("PUT", of("equal"), body)
    before = await stored(api, made["job_id"])
    for again in (body, body | {"job_key": "equal"}, body | {"retry_policy": {"max_retries": 3, "jitter": 0}}, made):
        status, answer, headers = await api.call("PUT", of("equal"), again)
        assert (status, headers["ETag"], answer) == (200, '"1"', made)
    assert await stored(api, made["job_id"]) == before
    assert await audited(api, made["job_id"]) == ["CREATE_JOB"]


async def test_an_equal_definition_does_not_wait_for_a_lock(api: Api) -> None:
    _, made, _ = await api.call("PUT", of("held"), SCRIPT)
    async with api.database.owner() as connection, connection.transaction():
        await connection.execute("SELECT FROM jobs WHERE job_id = $1 FOR UPDATE", made["job_id"])
        assert (await asyncio.wait_for(api.call("PUT", of("held"), SCRIPT), 4))[0] == 200


async def test_a_pause_is_not_touched(api: Api) -> None:
    _, made, _ = await api.call("PUT", of("paused"), SCRIPT)
    assert (await api.call("POST", of("paused", "/pause")))[0] == 200
    for body in (SCRIPT, SCRIPT | {"schedule": "0 10 * * *"}):
        status, answer, _ = await api.call("PUT", of("paused"), body)
        assert (status, answer["status"], answer["next_run_time"]) == (200, "PAUSED", None)
    assert (await stored(api, made["job_id"]))["version"] == 2


async def test_preconditions(api: Api) -> None:
    status, problem, _ = await api.call("PUT", of("guarded"), SCRIPT, If_Match='"1"')
    assert (status, problem["code"]) == (412, "stale_version")
    assert (await api.call("PUT", of("guarded"), SCRIPT, If_None_Match="*"))[0] == 201
    changed = SCRIPT | {"priority": 1}
    for headers in ({"If_None_Match": "*"}, {"If_Match": '"2"'}, {"If_None_Match": '"1"'}):
        for body in (SCRIPT, changed):
            status, problem, _ = await api.call("PUT", of("guarded"), body, **headers)
            assert (status, problem["code"]) == (412, "stale_version"), headers
    assert (await api.call("PUT", of("guarded"), changed, If_Match='"1"'))[0] == 200


async def test_wrong_definitions_are_refused(api: Api) -> None:
    for body, field in (
        (SCRIPT | {"job_key": "another"}, "job_key"),
        (SCRIPT | {"job_key": None}, "job_key"),
        (WITHOUT_NAME, "job_name"),
        (SCRIPT | {"status": "PAUSED"}, "status"),
    ):
        status, problem, _ = await api.call("PUT", of("wrong"), body)
        assert (status, [one["field"] for one in problem["errors"]]) == (422, [field])
    status, problem, _ = await api.call("PUT", of("k" * 256), SCRIPT)
    assert status == 404
    assert (await api.call("GET", of("wrong")))[0] == 404


async def test_a_cancelled_job_is_not_replaced_and_a_deleted_one_frees_its_key(api: Api) -> None:
    _, made, _ = await api.call("PUT", of("ended"), SCRIPT)
    await api.call("POST", of("ended", "/cancel"))
    status, answer, _ = await api.call("PUT", of("ended"), SCRIPT)
    assert (status, answer["status"]) == (200, "CANCELLED")
    status, problem, _ = await api.call("PUT", of("ended"), SCRIPT | {"priority": 1})
    assert (status, problem["code"]) == (409, "state")
    assert (await api.call("DELETE", of("ended")))[0] == 204
    assert (await api.call("GET", of("ended")))[0] == 404
    status, other, _ = await api.call("PUT", of("ended"), SCRIPT)
    assert (status, other["status"], other["job_id"] != made["job_id"]) == (201, "PENDING", True)


async def test_many_at_once_make_one_job(api: Api) -> None:
    answers = await asyncio.gather(*(api.call("PUT", of("raced"), SCRIPT | {"priority": n % 3}) for n in range(12)))
    assert sorted(status for status, _, _ in answers)[-2:] == [200, 201]
    assert len({answer["job_id"] for _, answer, _ in answers}) == 1


@pytest.mark.parametrize("key", ["a/b", "a b+c", "über", "100%", "%2F", "{x}", "?#", "pause", "a\nb", "x/pause", "'"])
async def test_a_key_may_have_any_character(api: Api, key: str) -> None:
    def path(below: str = "") -> Any:
        return URL(of(key, below), encoded=True)

    status, made, _ = await api.call("PUT", path(), SCRIPT)
    assert (status, made["job_key"]) == (201, key)
    for method, below, wanted in (
        ("GET", "", 200),
        ("POST", "/pause", 200),
        ("POST", "/resume", 200),
        ("POST", "/run", 202),
        ("GET", "/executions", 200),
        ("GET", "/timeline", 200),
        ("POST", "/cancel", 200),
    ):
        status, answer, _ = await api.call(method, path(below))
        assert status == wanted, (below, answer)
        assert answer.get("job_id", made["job_id"]) == made["job_id"]
    assert (await api.call("PATCH", path(), {"priority": 1}))[0] == 409  # it is cancelled
    assert (await api.call("DELETE", path()))[0] == 204


async def test_a_key_means_a_job_of_the_callers_own_team(api: Api) -> None:
    """Also for an admin without a team, who sees them all."""
    keys = {who: await api.key_for("operator", 5, team) for who, team in (("a", 31), ("b", 32))}
    jobs = {}
    for who, key in keys.items():
        status, made, _ = await api.call("PUT", of("common"), SCRIPT, Authorization=f"Bearer {key}")
        assert status == 201
        jobs[who] = made["job_id"]
    for who, key in keys.items():
        _, found, _ = await api.call("GET", of("common"), Authorization=f"Bearer {key}")
        assert found["job_id"] == jobs[who]
    assert (await api.call("GET", of("common")))[0] == 404
    for method, below in (("DELETE", ""), ("POST", "/cancel"), ("POST", "/run")):
        assert (await api.call(method, of("common", below)))[0] == 404
    for role, wanted in (("viewer", 403), ("runner", 403), ("operator", 200)):
        key = await api.key_for(role, 5, 31)
        assert (await api.call("PUT", of("common"), SCRIPT, Authorization=f"Bearer {key}"))[0] == wanted


async def test_text_that_cannot_be_a_key_names_nothing(api: Api) -> None:
    for raw in ("%00", "k" * 256):
        assert (await api.raw_text("GET", f"/v1/jobs/by-key/{raw}"))[0] == 401
        for method in ("GET", "PUT"):
            body = SCRIPT if method == "PUT" else None
            path: Any = URL(f"/v1/jobs/by-key/{raw}", encoded=True)
            assert (await api.call(method, path, body))[0] == 404, raw


async def test_the_same_request_twice_gets_the_first_answer(api: Api) -> None:
    first = await api.call("PUT", of("kept"), SCRIPT, Idempotency_Key="one")
    again = await api.call("PUT", of("kept"), SCRIPT, Idempotency_Key="one")
    assert (first[0], again[0]) == (201, 201)
    assert first[1] == again[1]
