"""Operations: bulk changes in chunks, each of them whole, by whichever process is there."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from foliot.api.app import OPERATIONS
from foliot.api.bulk import actions, operations
from foliot.api.bulk.operations import REVOKED, OperationRunner
from foliot.api.handlers import bulk as handler
from foliot.api.queries.unit import Unit
from foliot.common.errors import Unavailable
from foliot.common.ledger.database import Database

from .conftest import SCRIPT, Api
from .test_bulk import bulk, some_jobs, statuses

_sets = itertools.count()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than five jobs are an operation, in chunks of four."""
    monkeypatch.setattr(handler, "MAX_AT_ONCE", 5)
    monkeypatch.setattr(operations, "CHUNK", 4)


async def pausing(api: Api, count: int = 10, **headers: str) -> tuple[list[int], int]:
    """An operation that pauses so many jobs."""
    job_ids = await some_jobs(api, count)
    answer = await bulk(api, {"action": "pause", "job_ids": job_ids}, 202, **headers)
    assert (answer["matched"], answer["done"], answer["status"]) == (count, 0, "RUNNING")
    return job_ids, answer["operation_id"]


async def read(api: Api, operation_id: int, query: str = "") -> Any:
    status, answer, _ = await api.call("GET", f"/v1/operations/{operation_id}{query}")
    assert status == 200, answer
    return answer


async def finish(api: Api) -> None:
    while await api.client.app[OPERATIONS].step() is not None:
        pass


async def test_an_operation_is_done_in_chunks_and_tells_of_each_row(api: Api) -> None:
    job_ids, operation_id = await pausing(api)
    runner = api.client.app[OPERATIONS]
    await api.call("POST", f"/v1/jobs/{job_ids[1]}/pause")
    assert await runner.step() == 0
    half = await read(api, operation_id)
    assert (half["status"], half["done"], half["failed"], len(half["results"])) == ("RUNNING", 3, 1, 4)
    assert half["results"][1]["error"]["code"] == "state"
    assert (await statuses(api, job_ids))[3:5] == ["PAUSED", "PENDING"]
    await finish(api)
    whole = await read(api, operation_id)
    assert (whole["status"], whole["done"], whole["failed"]) == ("COMPLETED", 9, 1)
    assert [row["job_id"] for row in whole["results"]] == job_ids
    page = await read(api, operation_id, "?limit=3")
    following = await read(api, operation_id, f"?limit=200&cursor={page['next_cursor']}")
    assert [row["index"] for row in page["results"] + following["results"]] == list(range(10))
    assert await statuses(api, job_ids) == ["PAUSED"] * 10
    rows = await api.rows(
        "SELECT count(*) FROM audit_logs WHERE action = 'PAUSE_JOB' AND resource_id = ANY ($1)", job_ids
    )
    assert rows == [{"count": 10}]


async def test_few_large_jobs_are_one_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk takes as many of them as fit, one at least."""
    monkeypatch.setattr(actions, "MAX_PAYLOAD_BYTES", 2_500)
    job_ids = await some_jobs(api, 3, payload={"script": "x" * 1_000}) + await some_jobs(
        api, 1, payload={"script": "x" * 9_000}
    )
    answer = await bulk(api, {"action": "pause", "job_ids": job_ids}, 202)
    seen = []
    while (found := await read(api, answer["operation_id"]))["status"] == "RUNNING":
        seen.append(found["done"])
        await api.client.app[OPERATIONS].step()
    assert (seen, found["done"]) == ([0, 2, 3], 4)
    assert (await bulk(api, {"action": "resume", "job_ids": job_ids[:2]}))["done"] == 2


async def test_an_apply_of_many_jobs_is_one_too(api: Api) -> None:
    name = f"operated {next(_sets)}"
    jobs = [SCRIPT | {"job_key": f"{name} {n}"} for n in range(9)]
    body = {"action": "apply", "set": name, "jobs": jobs}
    await bulk(api, body, 202)
    await finish(api)
    edited = [job | {"priority": 1} for job in jobs[:7]]
    answer = await bulk(api, body | {"jobs": edited, "prune": 2}, 202)
    (row,) = await api.rows("UPDATE jobs SET version = 5 WHERE job_key = $1 RETURNING job_id", jobs[0]["job_key"])
    await finish(api)
    whole = await read(api, answer["operation_id"])
    assert (whole["set"], whole["done"], whole["failed"]) == (name, 8, 1)
    assert whole["results"][0]["error"]["code"] == "stale_version"
    assert whole["results"][0]["job_id"] == row["job_id"]
    assert [one["change"] for one in whole["results"]] == ["change"] * 7 + ["delete"] * 2
    found = await api.rows(
        "SELECT priority, version FROM jobs WHERE set = $1 AND deleted_at IS NULL ORDER BY job_key", name
    )
    assert found == [{"priority": 0, "version": 5}, *[{"priority": 1, "version": 2}] * 6]
    assert await api.rows("SELECT 1 FROM operation_rows WHERE definition IS NOT NULL") == []  # no payload stays behind


async def test_what_dies_in_a_chunk_has_done_nothing_of_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next process goes on exactly there."""
    job_ids, operation_id = await pausing(api)
    runner = api.client.app[OPERATIONS]
    await runner.step()
    real = operations.act

    async def dies(*args: Any) -> Any:
        await real(*args)
        raise Unavailable("killed before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(operations, "act", dies)
        with pytest.raises(Unavailable):
            await runner.step()
    assert (await statuses(api, job_ids)).count("PAUSED") == 4
    assert (await read(api, operation_id))["done"] == 4
    async with Database(api.database.url("api"), Unit, size=2, name="other") as units:
        while await OperationRunner(units).step() is not None:
            pass
    assert (await read(api, operation_id))["done"] == 10
    rows = await api.rows(
        "SELECT resource_id, count(*) FROM audit_logs WHERE action = 'PAUSE_JOB' AND resource_id = ANY ($1) GROUP BY 1",
        job_ids,
    )
    assert [row["count"] for row in rows] == [1] * 10


async def test_many_processes_share_the_work_and_do_no_row_twice(api: Api) -> None:
    found = [await pausing(api, 12) for _ in range(3)]
    async with Database(api.database.url("api"), Unit, size=6, name="others") as units:

        async def works() -> None:
            for _ in range(12):
                await OperationRunner(units).step()

        await asyncio.gather(*(works() for _ in range(4)))
    for job_ids, operation_id in found:
        whole = await read(api, operation_id)
        assert (whole["status"], whole["done"], whole["failed"]) == ("COMPLETED", 12, 0)
        assert await statuses(api, job_ids) == ["PAUSED"] * 12


async def test_it_stops_when_its_key_is_revoked(api: Api) -> None:
    key = await api.key_for("operator")
    (row,) = await api.rows("SELECT max(key_id) AS key_id FROM api_keys")
    job_ids, operation_id = await pausing(api, Authorization=f"Bearer {key}")
    await api.client.app[OPERATIONS].step()
    await api.call("DELETE", f"/v1/api-keys/{row['key_id']}")
    await finish(api)
    whole = await read(api, operation_id)
    assert (whole["status"], whole["reason"], whole["done"], whole["key_id"]) == ("STOPPED", REVOKED, 4, row["key_id"])
    assert (await statuses(api, job_ids)).count("PAUSED") == 4


async def test_it_is_cancelled_between_two_chunks(api: Api) -> None:
    job_ids, operation_id = await pausing(api)
    await api.client.app[OPERATIONS].step()
    status, answer, _ = await api.call("POST", f"/v1/operations/{operation_id}/cancel")
    assert (status, answer["status"], answer["done"]) == (200, "CANCELLED", 4)
    assert (await api.call("POST", f"/v1/operations/{operation_id}/cancel"))[0] == 409
    await finish(api)
    assert (await statuses(api, job_ids)).count("PAUSED") == 4
    status, page, _ = await api.call("GET", "/v1/operations?limit=1")
    assert page["items"][0] == answer


async def test_a_cancel_does_not_wait_for_the_chunk_under_way(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the chunk has done counts all the same."""
    _, operation_id = await pausing(api)
    real, under_way, go_on = operations.act, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any) -> Any:
        under_way.set()
        await go_on.wait()
        return await real(*args)

    monkeypatch.setattr(operations, "act", slow)
    chunk = asyncio.create_task(api.client.app[OPERATIONS].step())
    await under_way.wait()
    assert (await api.call("POST", f"/v1/operations/{operation_id}/cancel"))[0] == 200
    go_on.set()
    await chunk
    whole = await read(api, operation_id)
    assert (whole["status"], whole["done"], len(whole["results"])) == ("CANCELLED", 4, 4)


async def test_a_fault_stops_it_and_no_other(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    _, broken = await pausing(api)
    with monkeypatch.context() as patched:
        patched.setattr(operations, "act", None)
        await finish(api)
    assert (await read(api, broken))["status"] == "STOPPED"
    _, sound = await pausing(api)
    await finish(api)
    assert (await read(api, sound))["status"] == "COMPLETED"


async def test_a_dry_run_and_a_repeated_key_begin_none(api: Api) -> None:
    job_ids = await some_jobs(api, 6)
    body = {"action": "pause", "job_ids": job_ids}
    assert (await bulk(api, body | {"dry_run": True}))["matched"] == 6
    status, first, headers = await api.call("POST", "/v1/jobs/bulk", body, Idempotency_Key="one operation")
    assert (status, headers["Location"]) == (202, f"/v1/operations/{first['operation_id']}")
    assert (await api.call("POST", "/v1/jobs/bulk", body, Idempotency_Key="one operation"))[1] == first
    await finish(api)


async def test_an_operation_of_another_team_is_not_there(api: Api) -> None:
    _, operation_id = await pausing(api)
    stranger = {"Authorization": f"Bearer {await api.key_for('admin', 9, 90)}"}
    for method, path in (("GET", ""), ("POST", "/cancel")):
        assert (await api.call(method, f"/v1/operations/{operation_id}{path}", **stranger))[0] == 404
    _, page, _ = await api.call("GET", "/v1/operations", **stranger)
    assert page["items"] == []
    viewer = {"Authorization": f"Bearer {await api.key_for('viewer')}"}
    assert (await api.call("GET", f"/v1/operations/{operation_id}", **viewer))[0] == 200
    assert (await api.call("POST", f"/v1/operations/{operation_id}/cancel", **viewer))[0] == 403
    await finish(api)
