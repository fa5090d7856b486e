"""Lists: filters, orders and pages, for each kind of key."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from integration.api.conftest import Api


@pytest.fixture(scope="module")
async def filled(api: Api) -> Api:
    """Jobs of user 1 without a team: 20 of them, and some of another user and of a team."""
    async with api.database.owner() as sql:
        await sql.execute(
            """INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, priority, labels, created_at, next_run_time, status)
               SELECT 1, 'Job ' || chr(64 + g), CASE WHEN g % 2 = 0 THEN 'script' ELSE 'http_request' END, '@every 1h', '{}',
                   g % 3, jsonb_build_object('env', CASE WHEN g % 4 = 0 THEN 'prod' ELSE 'dev' END, 'n', g::text),
                   timestamptz '2026-01-01Z' + g * interval '1 day',
                   CASE WHEN g > 15 THEN NULL ELSE timestamptz '2099-01-01Z' - g * interval '1 day' END,
                   CASE WHEN g > 17 THEN 'COMPLETED' WHEN g > 15 THEN 'PAUSED' ELSE 'PENDING' END
               FROM generate_series(1, 20) g"""
        )
        await sql.execute(
            """INSERT INTO jobs (user_id, team_id, job_name, job_type, schedule, payload)
               VALUES (2, NULL, 'stranger', 'script', '@every 1h', '{}'), (2, 7, 'of a team', 'script', '@every 1h', '{}')"""
        )
        await sql.execute("UPDATE jobs SET open_since = '2026-11-01Z' WHERE job_name IN ('Job A', 'Job B', 'Job C')")
        await sql.execute("SELECT ensure_partitions('executions', '2026-11-01Z', '2026-11-01Z')")
        await sql.execute(
            """INSERT INTO executions (job_id, user_id, status, scheduled_time, available_at, end_time)
               SELECT job_id, 1, e.status, '2026-11-02Z', now(), CASE WHEN e.status = 'COMPLETED' THEN now() END
               FROM jobs JOIN (VALUES ('Job A', 'RUNNING'), ('Job B', 'QUEUED'), ('Job C', 'COMPLETED')) AS e (job_name, status)
               USING (job_name)"""
        )
    return api


async def walk(api: Api, path: str, key: str | None = None) -> list[dict[str, Any]]:
    """All pages of a list."""
    items: list[dict[str, Any]] = []
    cursor, pages = "", 0
    while pages < 50:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        status, body, _ = await api.call("GET", path + cursor, **headers)
        assert status == 200, body
        items += body["items"]
        if body["next_cursor"] is None:
            return items
        cursor, pages = f"&cursor={body['next_cursor']}", pages + 1
    raise AssertionError("the list does not end")


def letters(items: list[dict[str, Any]]) -> str:
    return "".join(item["job_name"][-1] for item in items)


ALL = "ABCDEFGHIJKLMNOPQRST"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL[::-1]),
        ("job_type=script", ALL[1::2][::-1]),
        ("q=jOB%20d", "D"),
        ("q=%25", ""),
        ("priority=0", "ROLIFC"),
        ("label=env=prod", "TPLHD"),
        ("label=env=prod&label=n=8", "H"),
        ("created_after=2026-01-18T00:00:00Z", "TSR"),
        ("created_before=2026-01-03T00:00:00Z", "A"),
        ("status=PAUSED", "QP"),
        ("status=COMPLETED", "TSR"),
        ("status=RUNNING", "A"),
        ("status=QUEUED", "B"),
        ("status=PENDING", "ONMLKJIHGFEDC"),
        ("status=PENDING&job_type=script", "NLJHFD"),
        ("sort=job_name", ALL),
        ("sort=next_run_time", "ONMLKJIHGFEDCBA" + "PQRST"),
        ("sort=job_name&status=RUNNING", "A"),
        ("sort=next_run_time&priority=0&status=PENDING", "OLIFC"),
    ],
)
@pytest.mark.parametrize("limit", [3, 200])
async def test_a_list_narrows_and_sorts_over_all_its_pages(filled: Api, query: str, expected: str, limit: int) -> None:
    own = await filled.key_for("viewer", 1)
    assert letters(await walk(filled, f"/v1/jobs?{query}&limit={limit}", own)) == expected
    everybody = await walk(filled, f"/v1/jobs?{query}&limit={limit}")
    assert letters([job for job in everybody if job["job_name"].startswith("Job ")]) == expected


async def test_a_list_shows_its_owners_jobs_only(filled: Api) -> None:
    for key, names in [
        (await filled.key_for("viewer", 2), ["stranger"]),
        (await filled.key_for("viewer", 9, 7), ["of a team"]),
        (await filled.key_for("viewer", 7), []),
    ]:
        for sort in ("created_at", "job_name", "next_run_time"):
            assert [job["job_name"] for job in await walk(filled, f"/v1/jobs?sort={sort}", key)] == names
        assert await walk(filled, "/v1/jobs?status=RUNNING", key) == []


async def test_the_status_of_a_list_is_the_status_of_the_job(filled: Api) -> None:
    for job in await walk(filled, "/v1/jobs?limit=7"):
        _, alone, _ = await filled.call("GET", f"/v1/jobs/{job['job_id']}")
        assert job == {name: value for name, value in alone.items() if name not in ("payload", "warnings")}


@pytest.mark.parametrize(
    ("query", "field"),
    [("label=env", "label"), ("sort=color", "sort"), ("priority=10", "priority"), ("q=", "q"), ("created_after=x", "created_after"),
     ("job_type=noop", "job_type"), ("fields=job_id,shape", "fields"), ("fields=", "fields"), ("last_status=PENDING", "last_status"),
     ("pool=%00", "pool"), ("job_key=", "job_key"), ("sort=job_name&cursor=" + quote("WzFd"), "cursor")],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(filled: Api, query: str, field: str) -> None:
    status, body, _ = await filled.call("GET", f"/v1/jobs?{query}")
    assert (status, [error["field"] for error in body["errors"]]) == (422, [field])


async def test_executions_by_window_job_worker_and_status(filled: Api) -> None:
    window = "from=2026-11-01T12:00:00Z&to=2026-11-02T12:00:00Z"
    found = await walk(filled, f"/v1/executions?{window}&limit=2")
    assert sorted(e["status"] for e in found) == ["COMPLETED", "QUEUED", "RUNNING"]
    assert [e["execution_id"] for e in found] == sorted((e["execution_id"] for e in found), reverse=True)
    running = next(e for e in found if e["status"] == "RUNNING")
    assert await walk(filled, f"/v1/executions?{window}&status=RUNNING") == [running]
    assert await walk(filled, f"/v1/executions?job_id={running['job_id']}") == [running]
    assert await walk(filled, f"/v1/executions?{window}&worker_id=nobody") == []
    assert await walk(filled, f"/v1/executions?{window}", await filled.key_for("viewer", 2)) == []


async def test_a_walk_goes_on_where_its_page_stopped_looking(filled: Api) -> None:
    """Of 25,000 jobs only the oldest matches: each page looks at 10,000 and says where to go on."""
    async with filled.database.owner() as sql:
        await sql.execute(
            """INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, created_at)
               SELECT 50, CASE WHEN g = 1 THEN 'needle' ELSE 'hay' END, 'script', 'manual', '{}', timestamptz '2020-01-01Z' + g * interval '1 s'
               FROM generate_series(1, 25000) g"""
        )
    key = await filled.key_for("viewer", 50)
    status, first, _ = await filled.call("GET", "/v1/jobs?q=needle", Authorization=f"Bearer {key}")
    assert (status, first["items"], first["next_cursor"] is None) == (200, [], False)
    assert [job["job_name"] for job in await walk(filled, "/v1/jobs?q=needle", key)] == ["needle"]
    async with filled.database.owner() as sql:
        await sql.execute("DELETE FROM jobs WHERE user_id = 50")
