"""A pause with its author, reason and end; the leader ends it when its time has come."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foliot.common.clock import rfc3339
from foliot.common.errors import Fenced
from foliot.common.ledger.database import Database
from foliot.common.ledger.pauses import Pauses
from foliot.scheduler.pause_ends import PauseEnds
from foliot.scheduler.unit import Unit
from integration.api.conftest import Api

_czxids = itertools.count(1)
IN_AN_HOUR = rfc3339(datetime.now(UTC) + timedelta(hours=1))


async def paused(api: Api, job: dict[str, Any], **body: Any) -> dict[str, Any]:
    status, found, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause", body)
    assert (status, found["status"]) == (200, "PAUSED"), found
    pause: dict[str, Any] = found["paused"]
    return pause


async def end_pauses(api: Api, *, fenced: bool = False) -> None:
    async with Database(api.database.url("scheduler"), Unit, size=1, name="leader") as units:
        async with units.transaction() as unit:
            term = await unit.terms.take_term("pauses", next(_czxids), "pauses")
        assert term is not None
        await PauseEnds(units, term - fenced).step()


async def come(api: Api, job: dict[str, Any]) -> None:
    """The time of its pause has come."""
    await api.rows("UPDATE pauses SET until = now() - interval '1 second' WHERE job_id = $1", job["job_id"])


async def test_a_pause_names_its_author_reason_and_end(api: Api) -> None:
    job = await api.create()
    assert job["paused"] is None
    pause = await paused(api, job, reason="the target is moved", until=IN_AN_HOUR)
    assert (pause["reason"], pause["until"], pause["user_id"], pause["key_name"]) == (
        "the target is moved", IN_AN_HOUR, 1, "test",
    )  # fmt: skip
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert found["paused"] == pause
    _, page, _ = await api.call("GET", "/v1/jobs?status=PAUSED&fields=job_id,paused")
    assert {"job_id": job["job_id"], "paused": pause} in page["items"]
    (audit,) = await api.rows(
        "SELECT new_value::text AS new FROM audit_logs WHERE resource_id = $1 AND action = 'PAUSE_JOB'", job["job_id"]
    )
    assert "the target is moved" in audit["new"]


async def test_a_pause_without_a_body_lasts_until_somebody_resumes(api: Api) -> None:
    job = await api.create()
    status, found, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause")
    assert (status, found["paused"]["reason"], found["paused"]["until"]) == (200, None, None)
    again, _, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause", {"reason": "another"})
    assert again == 409
    _, resumed, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/resume")
    assert resumed["paused"] is None
    assert (await paused(api, job))["pause_id"] > found["paused"]["pause_id"]


@pytest.mark.parametrize(
    "body",
    [{"until": "2020-01-01T00:00:00Z"}, {"until": "2020-01-01T00:00:00"}, {"reason": ""}, {"reason": "x" * 1_001}],
)
async def test_what_is_no_pause_is_refused(api: Api, body: dict[str, str]) -> None:
    job = await api.create()
    status, problem, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause", body)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, list(body))
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert found["status"] == "PENDING"


async def test_an_edit_leaves_the_pause_and_cancel_ends_it(api: Api) -> None:
    job = await api.create()
    pause = await paused(api, job, until=IN_AN_HOUR)
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{job['job_id']}", {"priority": 3})
    assert (edited["status"], edited["paused"]) == ("PAUSED", pause)
    _, cancelled, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/cancel")
    assert cancelled["paused"] is None
    assert await api.rows("SELECT FROM pauses WHERE job_id = $1", job["job_id"]) == []


async def test_the_leader_resumes_what_has_come_and_nothing_else(api: Api) -> None:
    due, later, plain = await api.create(), await api.create(), await api.create()
    for job in (due, later):
        await paused(api, job, until=IN_AN_HOUR)
    await paused(api, plain)
    await come(api, due)
    await end_pauses(api)
    found = {j["job_id"]: (await api.call("GET", f"/v1/jobs/{j['job_id']}"))[1] for j in (due, later, plain)}
    assert [one["status"] for one in found.values()] == ["PENDING", "PAUSED", "PAUSED"]
    assert found[due["job_id"]]["paused"] is None
    assert found[due["job_id"]]["next_run_time"] == due["next_run_time"]
    (audit,) = await api.rows(
        "SELECT user_id, key_id FROM audit_logs WHERE resource_id = $1 AND action = 'RESUME_JOB'", due["job_id"]
    )
    assert (audit["user_id"], audit["key_id"]) == (0, None)
    versions = await api.rows("SELECT status FROM job_versions WHERE job_id = $1 ORDER BY valid_from", due["job_id"])
    assert [one["status"] for one in versions] == ["PENDING", "PAUSED", "PENDING"]


async def test_a_leader_whose_term_has_passed_resumes_nothing(api: Api) -> None:
    job = await api.create()
    await paused(api, job, until=IN_AN_HOUR)
    await come(api, job)
    with pytest.raises(Fenced):
        await end_pauses(api, fenced=True)
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert found["status"] == "PAUSED"


async def test_a_job_that_was_resumed_before_is_left_alone(api: Api) -> None:
    """Its row of the pause is gone, or belongs to a status that it has no more."""
    job = await api.create()
    await paused(api, job, until=IN_AN_HOUR)
    await come(api, job)
    await api.rows("UPDATE jobs SET status = 'COMPLETED', next_run_time = NULL WHERE job_id = $1", job["job_id"])
    await end_pauses(api)
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert (found["status"], found["paused"]) == ("COMPLETED", None)
    assert await api.rows("SELECT FROM pauses WHERE job_id = $1", job["job_id"]) == []


async def test_a_pause_that_was_made_again_is_not_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the statement's look at the pauses and its lock of the job."""
    job = await api.create()
    await paused(api, job, until=IN_AN_HOUR)
    lock = Pauses.lock_ending

    async def late(self: Pauses, limit: int) -> Any:
        await come(api, job)
        found = await lock(self, limit)
        await api.rows(
            "UPDATE pauses SET until = $2 WHERE job_id = $1", job["job_id"], datetime(2100, 1, 1, tzinfo=UTC)
        )
        return found

    monkeypatch.setattr(Pauses, "lock_ending", late)
    await end_pauses(api)
    _, found, _ = await api.call("GET", f"/v1/jobs/{job['job_id']}")
    assert (found["status"], found["paused"]["until"]) == ("PAUSED", "2100-01-01T00:00:00.000000Z")


async def test_a_job_whose_schedule_cannot_be_read_is_left_to_the_planner(api: Api) -> None:
    job = await api.create()
    await paused(api, job, until=IN_AN_HOUR)
    await come(api, job)
    await api.rows("UPDATE jobs SET timezone = 'Mars/Olympus' WHERE job_id = $1", job["job_id"])
    await end_pauses(api)
    (row,) = await api.rows("SELECT status, next_run_time <= now() AS due FROM jobs WHERE job_id = $1", job["job_id"])
    assert (row["status"], row["due"]) == ("PENDING", True)


async def test_only_an_operator_pauses(api: Api) -> None:
    job = await api.create()
    for role in ("viewer", "runner"):
        key = await api.key_for(role)
        status, _, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/pause", Authorization=f"Bearer {key}")
        assert status == 403
