"""What GET answers can be sent back: PATCH takes it as it stands, POST says once what is to be left out."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.api.jobs.read_only import READ_ONLY_FIELDS
from foliot.api.views.job import SHOWN_FIELDS
from foliot.common.ledger.job import DEFINITION_FIELDS

from .conftest import Api

FULL = {
    "job_key": "sent-back", "schedule": "0 9 * * mon", "timezone": "Europe/Berlin", "labels": {"a": "b"},
    "retry_policy": {"max_retries": 5, "delay_seconds": 60}, "start_at": "2030-01-01T00:00:00Z", "description": "text",
}  # fmt: skip


def test_every_member_is_either_set_by_callers_or_read_only() -> None:
    assert set(READ_ONLY_FIELDS) == {*SHOWN_FIELDS, "warnings"} - set(DEFINITION_FIELDS)


async def test_patch_takes_the_whole_answer(api: Api) -> None:
    made = await api.create(**FULL)
    path = f"/v1/jobs/{made['job_id']}"
    _, job, _ = await api.call("GET", path)
    status, answer, headers = await api.call("PATCH", path, job)
    assert (status, answer, headers["ETag"]) == (200, job, '"1"')
    status, answer, _ = await api.call("PATCH", path, job | {"priority": 3})
    assert (status, answer["priority"], answer["version"]) == (200, 3, 2)


async def test_patch_refuses_another_value_by_name(api: Api) -> None:
    made = await api.create()
    wrong = {"job_id": made["job_id"] + 1, "status": "PAUSED", "user_id": None, "last_status": "COMPLETED"}
    status, problem, _ = await api.call("PATCH", f"/v1/jobs/{made['job_id']}", wrong | {"job_name": "another"})
    messages = {error["field"]: error["message"] for error in problem["errors"]}
    assert (status, set(messages)) == (422, set(wrong))
    assert all(message.startswith("read-only") for message in messages.values())
    assert "/pause" in messages["status"]
    assert (await api.call("GET", f"/v1/jobs/{made['job_id']}"))[1]["job_name"] == made["job_name"]


@pytest.mark.parametrize("value", [None, 1, {"a": 1}])
async def test_patch_refuses_what_is_no_field_whatever_its_value(api: Api, value: Any) -> None:
    made = await api.create()
    status, problem, _ = await api.call("PATCH", f"/v1/jobs/{made['job_id']}", {"evil": value})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["evil"])


async def test_post_says_once_what_to_leave_out(api: Api) -> None:
    made = await api.create()
    _, job, _ = await api.call("GET", f"/v1/jobs/{made['job_id']}")
    status, problem, _ = await api.call("POST", "/v1/jobs", job)
    (error,) = problem["errors"]
    assert status == 422
    assert error["message"] == f"read-only, leave it out: {', '.join(READ_ONLY_FIELDS)}"
    left = {name: value for name, value in job.items() if name not in READ_ONLY_FIELDS}
    status, copy, _ = await api.call("POST", "/v1/jobs", left)
    assert (status, {name: copy[name] for name in DEFINITION_FIELDS}) == (
        201,
        {name: job[name] for name in DEFINITION_FIELDS},
    )
