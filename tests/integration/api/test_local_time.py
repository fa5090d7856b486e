"""One run at a local time: as the clock of the job's zone shows it, from the answer to the plan."""

from __future__ import annotations

from typing import Any

import pytest

from foliot.api.jobs.checks import check_schedule

from .conftest import SCRIPT, Api


@pytest.mark.parametrize(
    ("fields", "next_run_time"),
    [
        ({"schedule": "2050-11-29T09:00:00", "timezone": "Europe/Berlin"}, "2050-11-29T08:00:00.000000Z"),
        ({"schedule": "2050-11-29T09:00", "timezone": "Europe/Berlin"}, "2050-11-29T08:00:00.000000Z"),
        ({"schedule": "2050-11-29T09:00"}, "2050-11-29T09:00:00.000000Z"),
        ({"schedule": "2050-11-29T09:00Z", "timezone": "Europe/Berlin"}, "2050-11-29T09:00:00.000000Z"),
        ({"schedule": "2050-11-29T09:00+01:00", "timezone": "Europe/Berlin"}, "2050-11-29T08:00:00.000000Z"),
        ({"schedule": "2050-11-29T09:00+05:30"}, "2050-11-29T03:30:00.000000Z"),
    ],
)
async def test_created_edited_and_previewed(api: Api, fields: dict[str, str], next_run_time: str) -> None:
    made = await api.create(**fields)
    assert (made["next_run_time"], made["schedule"]) == (next_run_time, fields["schedule"])
    other = await api.create()
    _, edited, _ = await api.call("PATCH", f"/v1/jobs/{other['job_id']}", fields)
    assert edited["next_run_time"] == next_run_time
    _, answer, _ = await api.call("POST", "/v1/schedules/preview", fields)
    assert [tick["utc"] for tick in answer["fire_times"]] == [next_run_time]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schedule": "2050-11-29T09:00:00+02:00", "timezone": "Europe/Berlin"},
         ("2050-11-29T09:00:00+02:00 is 2050-11-29T08:00:00+01:00 in Europe/Berlin", "or 2050-11-29T09:00:00, without an offset")),
        ({"schedule": "2050-11-29T09:00:00+00:00", "timezone": "Europe/Berlin"}, ("2050-11-29T10:00:00+01:00",)),
        ({"schedule": "2027-03-28T02:30", "timezone": "Europe/Berlin", "dst_gap": "skip"}, ("does not exist in Europe/Berlin", "dst_gap")),
        ({"schedule": "2001-01-01T09:00", "timezone": "Europe/Berlin"}, ("2001-01-01T08:00:00.000000Z has passed",)),
    ],
)  # fmt: skip
async def test_refused(api: Api, fields: dict[str, str], words: tuple[str, ...]) -> None:
    for path, body in (("/v1/jobs", SCRIPT | fields), ("/v1/schedules/preview", fields)):
        status, problem, _ = await api.call("POST", path, body)
        (error,) = problem["errors"]
        assert (status, error["field"]) == (422, "schedule")
        assert all(part in error["message"] for part in words), error


@pytest.mark.parametrize("offset", ["+02:00", "+01:00"])
def test_both_offsets_of_a_repeated_hour_are_right(offset: str) -> None:
    values: dict[str, Any] = {"schedule": f"2026-10-25T02:30{offset}", "timezone": "Europe/Berlin"}
    assert check_schedule(values) == []


async def test_a_description_shows_the_local_time(api: Api) -> None:
    fields = {"schedule": "2050-11-29T09:00", "timezone": "Europe/Berlin"}
    _, answer, _ = await api.call("POST", "/v1/schedules/preview", fields)
    assert answer["description"] == "Once, at 2050-11-29 09:00:00 (Europe/Berlin)"
    assert answer["fire_times"][0]["local"] == "2050-11-29T09:00:00+01:00"
