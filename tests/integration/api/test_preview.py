"""POST /v1/schedules/preview: what a schedule would do, before a job is saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from foliot.api.preview.answer import preview
from foliot.api.preview.request import decode
from support.cold import forget_schedules
from support.costs import lines_run
from support.databases import TestDatabase
from support.pinned_time import pin_time

from .conftest import SCRIPT, Api, open_api

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def api(module_database: TestDatabase) -> AsyncIterator[Api]:
    await pin_time(module_database, NOON)
    async with open_api(module_database) as opened:
        yield opened


async def asked(api: Api, expect: int = 200, **body: Any) -> Any:
    status, answer, _ = await api.call("POST", "/v1/schedules/preview", body)
    assert status == expect, answer
    return answer


def utc(answer: Any) -> list[str]:
    return [fire["utc"] for fire in answer["fire_times"]]


async def test_cron(api: Api) -> None:
    answer = await asked(api, schedule="0 9 * * 1-5", timezone="Europe/Berlin", after="2026-03-27T12:00:00Z", count=2)
    assert answer == {
        "fire_times": [
            {"utc": "2026-03-30T07:00:00.000000Z", "local": "2026-03-30T09:00:00+02:00", "marks": []},
            {"utc": "2026-03-31T07:00:00.000000Z", "local": "2026-03-31T09:00:00+02:00", "marks": []},
        ],
        "description": "At 09:00 AM, Monday through Friday",
    }


async def test_five_ticks_from_now_by_default(api: Api) -> None:
    assert utc(await asked(api, schedule="@hourly")) == [f"2026-11-20T{hour}:00:00.000000Z" for hour in range(13, 18)]


@pytest.mark.parametrize(
    ("body", "expected", "description"),
    [
        ({"schedule": "@every 30s", "after": "2026-01-01T00:00:00Z", "count": 2},
         ["2026-01-01T00:00:30.000000Z", "2026-01-01T00:01:00.000000Z"], "Every 30 seconds"),
        ({"schedule": "@every 1h", "start_at": "2026-12-01T00:00:00Z", "count": 2},
         ["2026-12-01T00:00:00.000000Z", "2026-12-01T01:00:00.000000Z"], "Every hour"),
        ({"schedule": "2030-01-31T09:00:00Z"}, ["2030-01-31T09:00:00.000000Z"], "Once, at 2030-01-31 09:00:00 (UTC)"),
        ({"schedule": "immediate", "after": "2026-01-01T00:00:00Z"}, ["2026-01-01T00:00:00.000000Z"], "Once, immediately"),
        ({"schedule": "manual"}, [], "Only when a run is asked for"),
        ({"schedule": "*/20 * * * * *", "count": 1}, ["2026-11-20T12:00:20.000000Z"], "Every 20 seconds"),
    ],
)  # fmt: skip
async def test_every_kind(api: Api, body: dict[str, Any], expected: list[str], description: str) -> None:
    answer = await asked(api, **body)
    assert (utc(answer), answer["description"]) == (expected, description)


async def test_marks_show_which_rule_acted(api: Api) -> None:
    spring = {"schedule": "30 2 * * *", "timezone": "Europe/Berlin", "after": "2026-03-28T12:00:00Z", "count": 1}
    assert (await asked(api, **spring))["fire_times"][0] == {
        "utc": "2026-03-29T01:00:00.000000Z", "local": "2026-03-29T03:00:00+02:00", "marks": ["dst_gap: shifted from 02:30"],
    }  # fmt: skip
    skipped = await asked(api, **spring, dst_gap="skip")
    assert skipped["fire_times"][0]["marks"] == ["dst_gap: 2026-03-29 02:30 skipped before this"]
    autumn = {"schedule": "30 2 * * *", "timezone": "Europe/Berlin", "after": "2026-10-24T12:00:00Z", "count": 2}
    both = await asked(api, **autumn, dst_overlap="both")
    assert [fire["marks"] for fire in both["fire_times"]] == [
        ["dst_overlap: first of two"],
        ["dst_overlap: second of two"],
    ]
    window = await asked(
        api, schedule="@hourly", start_at="2026-11-21T00:30:00Z", end_at="2026-11-21T02:30:00Z", jitter_seconds=60
    )
    jitter = "jitter_seconds: starts 0 to 60 s later"
    assert [fire["marks"] for fire in window["fire_times"]] == [
        ["start_at: first tick of the window", jitter], ["end_at: last tick of the window", jitter],
    ]  # fmt: skip
    limited = await asked(api, schedule="@hourly", max_runs=2)
    assert [fire["marks"] for fire in limited["fire_times"]] == [[], ["max_runs: last run"]]


@pytest.mark.parametrize("schedule", ["H H * * *", "@every 90s", "immediate", "0 9 * * *", "2030-01-31T09:00:00Z"])
async def test_a_job_created_now_fires_when_the_preview_said(api: Api, schedule: str) -> None:
    key = await api.key_for("operator", 7, 70)
    job = SCRIPT | {"schedule": schedule, "job_name": "spread me", "timezone": "America/New_York"}
    shown = await api.call(
        "POST", "/v1/schedules/preview",
        {n: job[n] for n in ("schedule", "job_name", "timezone")}, Authorization=f"Bearer {key}",
    )  # fmt: skip
    _, made, _ = await api.call("POST", "/v1/jobs", job, Authorization=f"Bearer {key}")
    gap = datetime.fromisoformat(made["next_run_time"]) - datetime.fromisoformat(utc(shown[1])[0])
    assert abs(gap.total_seconds()) < 0.01  # @every and immediate count from the moment of the request


async def test_a_viewer_may_ask_and_a_stranger_may_not(api: Api) -> None:
    viewer = await api.key_for("viewer")
    body = {"schedule": "@daily"}
    assert (await api.call("POST", "/v1/schedules/preview", body, Authorization=f"Bearer {viewer}"))[0] == 200
    assert (await api.call("POST", "/v1/schedules/preview", body, Authorization="Bearer no"))[0] == 401


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"schedule": "61 * * * *"}, "schedule", "minute 61 is not between 0 and 59 (column 1); for example: */15 * * * *"),
        ({"schedule": "0 9 31 2 *"}, "schedule", "never fires"),
        ({"schedule": "@daily", "timezone": "Europe/Berlln"}, "timezone", "for example: Europe/Berlin"),
        ({"schedule": "@daily", "count": 101}, "count", "from 1 to 100"),
        ({"schedule": "@daily", "count": 0}, "count", "from 1 to 100"),
        ({"schedule": "@daily", "after": "tomorrow"}, "after", "RFC 3339"),
        ({"schedule": "@daily", "after": "2026-01-01T00:00:00"}, "after", "needs an offset or Z"),
        ({"schedule": "@daily", "dst_gap": "later"}, "dst_gap", "one of shift, skip"),
        ({"schedule": "@daily", "start_at": "2027-01-01T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"}, "end_at", "later than"),
        ({"schedule": "@daily", "end_at": "2026-11-20T12:30:00Z"}, "end_at", "no tick lies in"),
        ({"schedule": "2020-01-01T00:00:00Z"}, "schedule", "has passed"),
        ({"schedule": "@daily", "payload": {}}, "payload", "is not a field"),
        ({}, "schedule", "is required"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], field: str, words: str) -> None:
    problem = await asked(api, expect=422, **body)
    (error,) = problem["errors"]
    assert error["field"] == field
    assert words in error["message"]


async def test_all_that_is_wrong_is_named_at_once(api: Api) -> None:
    problem = await asked(api, expect=422, schedule="* * *", timezone="Mars", count="many", jitter_seconds=-1)
    assert {error["field"] for error in problem["errors"]} == {"schedule", "timezone", "count", "jitter_seconds"}


@pytest.mark.parametrize(
    ("schedule", "dst_gap"),
    [
        ("30 2 * 3 L7", "skip"),
        ("30 2 29 2 *", "shift"),
        ("0 0 29 2 */7", "shift"),
        ("* * * * * *", "shift"),
        ("30 2 * * *", "skip"),
    ],
)
def test_a_hundred_ticks_hold_no_callback_for_long(schedule: str, dst_gap: str) -> None:
    body = {"schedule": schedule, "dst_gap": dst_gap, "timezone": "Europe/Berlin", "count": 100}
    wanted = decode(body | {"after": "2026-01-01T00:00:00Z"})
    forget_schedules()
    assert lines_run(lambda: preview(wanted, None, NOON)) < 400_000
