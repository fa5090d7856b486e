"""The outcome of a job's last run in answers and lists, and the attempts of all jobs with the names of theirs."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.api.views import job_pages
from foliot.api.views.job import LISTED_FIELDS, SHOWN_FIELDS

from .conftest import Api


async def ids(api: Api, path: str) -> list[int]:
    """All pages of a list."""
    found: list[int] = []
    cursor = ""
    while cursor is not None:
        status, page, _ = await api.call("GET", f"{path}{'&cursor=' if cursor else ''}{cursor}")
        assert status == 200, page
        found += [item.get("job_id") for item in page["items"]]
        cursor = page["next_cursor"]
    return found


async def ended(api: Api, last_status: str, **fields: Any) -> int:
    job_id: int = (await api.create(**fields))["job_id"]
    await api.rows("INSERT INTO last_statuses VALUES ($1, $2)", job_id, last_status)
    return job_id


async def test_cancel_of_what_waits_is_the_outcome(api: Api) -> None:
    """One execution, a job, a deleted job, and a run that another takes the place of."""

    async def waiting(**fields: Any) -> tuple[int, int]:
        job = await api.create(schedule="manual", **fields)
        _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
        return job["job_id"], run["execution_id"]

    (one, execution), (job, _), (deleted, _) = await waiting(), await waiting(), await waiting()
    again, _ = await waiting(overlap_policy="cancel_running")
    assert (await api.call("GET", f"/v1/jobs/{one}"))[1]["last_status"] is None
    assert (await api.call("POST", f"/v1/executions/{execution}/cancel"))[0] == 202
    assert (await api.call("POST", f"/v1/jobs/{job}/cancel"))[1]["last_status"] == "CANCELLED"
    assert (await api.call("DELETE", f"/v1/jobs/{deleted}"))[0] == 204
    assert (await api.call("POST", f"/v1/jobs/{again}/run"))[0] == 202
    rows = await api.rows("SELECT job_id, last_status FROM last_statuses WHERE job_id >= $1", one)
    assert {row["job_id"]: row["last_status"] for row in rows} == dict.fromkeys((one, job, deleted, again), "CANCELLED")


async def test_a_running_attempt_that_is_asked_to_stop_has_no_outcome_yet(api: Api) -> None:
    job = await api.create(schedule="manual")
    await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    await api.rows("UPDATE executions SET status = 'RUNNING' WHERE job_id = $1", job["job_id"])
    assert (await api.call("POST", f"/v1/jobs/{job['job_id']}/cancel"))[1]["last_status"] is None


async def test_an_edit_keeps_it(api: Api) -> None:
    job_id = await ended(api, "FAILED")
    status, edited, _ = await api.call("PATCH", f"/v1/jobs/{job_id}", {"schedule": "0 8 * * *"})
    assert (status, edited["last_status"]) == (200, "FAILED")


async def test_a_completed_job_that_is_armed_again_keeps_it(api: Api) -> None:
    """While it is COMPLETED it has no row: its own status tells it."""
    made = (await api.create(labels={"armed": "again"}))["job_id"]
    await api.rows("UPDATE jobs SET status = 'COMPLETED', next_run_time = NULL WHERE job_id = $1", made)
    assert (await api.call("GET", f"/v1/jobs/{made}"))[1]["last_status"] == "COMPLETED"
    assert await ids(api, "/v1/jobs?label=armed=again&last_status=COMPLETED") == [made]
    status, edited, _ = await api.call("PATCH", f"/v1/jobs/{made}", {"schedule": "0 7 * * *"})
    assert (status, edited["status"], edited["last_status"]) == (200, "PENDING", "COMPLETED")


async def test_lists_by_outcome_pool_and_key(api: Api) -> None:
    failed = await ended(api, "FAILED", pool="gpu")
    timed_out = await ended(api, "TIMEOUT", pool="gpu", job_key="nightly")
    completed = await ended(api, "COMPLETED", pool="gpu")
    await api.create(pool="gpu")
    assert await ids(api, "/v1/jobs?pool=gpu&last_status=FAILED,TIMEOUT") == [timed_out, failed]
    assert await ids(api, "/v1/jobs?pool=gpu&last_status=COMPLETED&sort=job_name") == [completed]
    assert await ids(api, "/v1/jobs?job_key=nightly") == [timed_out]
    assert await ids(api, "/v1/jobs?job_key=nightly&last_status=FAILED") == []
    assert await ids(api, "/v1/jobs?job_key=none") == []
    assert await ids(api, "/v1/jobs?job_key=nightly&sort=job_name") == [timed_out]


async def test_a_key_is_found_for_each_owner(api: Api) -> None:
    """Without a walk: 15,000 younger jobs are not looked at. An admin without a team sees that of each owner."""
    team = {"Authorization": f"Bearer {await api.key_for('operator', 5, 77)}"}
    mine = (await api.create(job_key="of-each"))["job_id"]
    _, theirs, _ = await api.call("POST", "/v1/jobs", {**_body(), "job_key": "of-each"}, **team)
    await api.rows(
        """INSERT INTO jobs (user_id, job_name, job_type, schedule, payload, labels)
           SELECT 9, 'many', 'script', 'manual', '{}', '{"many": "yes"}' FROM generate_series(1, 15000)"""
    )
    assert sorted(await ids(api, "/v1/jobs?job_key=of-each")) == sorted([mine, theirs["job_id"]])
    first, second = [await ids(api, f"/v1/jobs?job_key=of-each&limit={n}") for n in (1, 2)]
    assert first == second
    _, page, _ = await api.call("GET", "/v1/jobs?job_key=of-each", **team)
    assert [job["job_id"] for job in page["items"]] == [theirs["job_id"]]
    await api.rows("DELETE FROM jobs WHERE user_id = 9")


def _body() -> dict[str, Any]:
    return {"job_name": "a job", "job_type": "script", "schedule": "0 9 * * *", "payload": {"script": "true"}}


async def test_sorted_by_last_run_time_with_those_without_one_last(api: Api) -> None:
    made = [(await api.create(labels={"sorted": "yes"}))["job_id"] for _ in range(3)]
    for job_id, hour in ((made[0], 5), (made[2], 3)):
        await api.rows(
            "UPDATE jobs SET last_run_time = '2026-01-01Z'::timestamptz + $2 * interval '1 h' WHERE job_id = $1",
            job_id,
            hour,
        )
    assert await ids(api, "/v1/jobs?label=sorted=yes&sort=last_run_time&limit=1") == [made[2], made[0], made[1]]


async def test_a_list_leaves_payloads_out_unless_they_are_asked_for(api: Api) -> None:
    job = await api.create(labels={"fields": "yes"})
    _, page, _ = await api.call("GET", "/v1/jobs?label=fields=yes")
    assert set(page["items"][0]) == LISTED_FIELDS
    _, page, _ = await api.call("GET", "/v1/jobs?label=fields=yes&fields=payload,job_id")
    assert page["items"] == [{"job_id": job["job_id"], "payload": {"script": "true"}}]
    _, page, _ = await api.call("GET", f"/v1/jobs?label=fields=yes&sort=job_name&fields={','.join(SHOWN_FIELDS)}")
    assert set(page["items"][0]) == set(SHOWN_FIELDS)


async def test_payloads_of_a_page_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is cut short, and the next one goes on behind it; one payload always fits."""
    monkeypatch.setattr(job_pages, "MAX_PAYLOAD_BYTES", 3_000)
    made = [
        (await api.create(labels={"big": "yes"}, payload={"script": "x" * size}))["job_id"]
        for size in (100, 5_000, 1_000, 1_000, 1_000)
    ]
    for sort in ("created_at", "job_name"):
        path = f"/v1/jobs?label=big=yes&fields=job_id,payload&sort={sort}"
        _, page, _ = await api.call("GET", path)
        assert sum(len(job["payload"]["script"]) for job in page["items"]) <= 3_000
        assert sorted(await ids(api, path)) == sorted(made)


async def test_executions_name_their_job_and_are_found_by_its_labels_and_by_statuses(api: Api) -> None:
    job = await api.create(
        schedule="manual", job_name="named", job_key="named", labels={"svc": "billing"}, overlap_policy="allow"
    )
    other = await api.create(schedule="manual")
    for one in (job, job, job, other):
        assert (await api.call("POST", f"/v1/jobs/{one['job_id']}/run"))[1]["job_name"] == one["job_name"]
    await api.rows(
        """UPDATE executions e SET status = (ARRAY['FAILED', 'TIMEOUT', 'COMPLETED'])[n], end_time = now()
           FROM (SELECT execution_id, row_number() OVER (ORDER BY execution_id) AS n FROM executions WHERE job_id = $1) r
           WHERE r.execution_id = e.execution_id""",
        job["job_id"],
    )
    for path in ("/v1/executions?label=svc=billing", f"/v1/executions?job_id={job['job_id']}&label=svc=billing"):
        _, page, _ = await api.call("GET", f"{path}&status=FAILED,TIMEOUT")
        found = [(e["status"], e["job_name"], e["job_key"]) for e in page["items"]]
        assert found == [("TIMEOUT", "named", "named"), ("FAILED", "named", "named")]
    _, page, _ = await api.call("GET", "/v1/executions?label=svc=none")
    assert page["items"] == []
    _, one, _ = await api.call("GET", f"/v1/executions/{(await api.call('GET', path))[1]['items'][0]['execution_id']}")
    assert (one["job_name"], one["job_key"]) == ("named", "named")


@pytest.mark.parametrize(
    ("query", "field"), [("status=FAILED,BROKEN", "status"), ("status=", "status"), ("label=x", "label")]
)
async def test_a_wrong_filter_of_executions_is_named(api: Api, query: str, field: str) -> None:
    status, problem, _ = await api.call("GET", f"/v1/executions?{query}")
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])


async def test_history_of_a_job_whose_row_is_gone_has_no_name(api: Api) -> None:
    job = await api.create(schedule="manual")
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    await api.rows("DELETE FROM jobs WHERE job_id = $1", job["job_id"])
    status, execution, _ = await api.call("GET", f"/v1/executions/{run['execution_id']}")
    assert (status, execution["job_name"], execution["reason"]) == (200, None, "no worker serves the pool default")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("@every 60s", "@every 1m", True),
        ("@every 1h30m", "  @every 90m ", True),
        ("0 9 * * mon", "0  9 * * 1", True),
        ("0 9 * jan mon-wed", "0 9 * 1 1,2,3", True),
        ("@hourly", "0 * * * *", True),
        ("0 0 * * 7", "@weekly", True),
        ("0 9 * * *", "0 0 9 * * *", True),
        ("2050-01-01T09:00:00Z", "2050-01-01T10:00+01:00", True),
        ("@every 60s", "@every 61s", False),
        ("* 9 * * *", "0-59 9 * * *", False),
        ("0 9 1 * 1", "0 9 1 * *", False),
        ("2050-01-01T09:00:00Z", "2050-01-01T09:00:01Z", False),
    ],
)
async def test_what_means_the_same_keeps_its_phase(api: Api, before: str, after: str, same: bool) -> None:
    made = await api.create(schedule=before)
    since = "SELECT schedule_since, next_run_time, request_id FROM jobs WHERE job_id = $1"
    (first,) = await api.rows(since, made["job_id"])
    status, edited, _ = await api.call("PATCH", f"/v1/jobs/{made['job_id']}", {"schedule": after})
    assert (status, edited["schedule"], edited["version"]) == (200, after, 2)
    (second,) = await api.rows(since, made["job_id"])
    assert (second == first) is same


async def test_equal_texts_by_turns_never_starve_an_interval(api: Api) -> None:
    made = await api.create(schedule="@every 60s")
    for text in ("@every 1m", "@every 60s", "@every 1m"):
        _, edited, _ = await api.call("PATCH", f"/v1/jobs/{made['job_id']}", {"schedule": text})
        assert edited["next_run_time"] == made["next_run_time"]


async def test_a_key_is_free_once_its_job_is_deleted(api: Api) -> None:
    made = await api.create(job_key="free again")
    assert (await api.call("DELETE", f"/v1/jobs/{made['job_id']}"))[0] == 204
    again = await api.create(job_key="free again")
    assert await ids(api, "/v1/jobs?job_key=free%20again") == [again["job_id"]]


@pytest.mark.parametrize("part", ["a_b", "%25"])
async def test_a_search_takes_wildcards_literally(api: Api, part: str) -> None:
    await api.create(job_name="axb")
    literal = await api.create(job_name=f"x{part.replace('%25', '%')}x")
    assert literal["job_id"] in await ids(api, f"/v1/jobs?q={part}")
    assert all(
        item != "axb" for item in [j["job_name"] for j in (await api.call("GET", f"/v1/jobs?q={part}"))[1]["items"]]
    )
