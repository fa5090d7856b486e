"""Export and plan against the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.conftest import Api

from .conftest import Foliot

SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds")
VARIETY: list[dict[str, Any]] = [
    {},
    {"schedule": "immediate"},
    {"schedule": "manual", "description": "two\nlines", "labels": {"no": "on", "012": "1_000"}},
    {"schedule": SOON, "misfire_policy": "skip"},
    {"schedule": "H H * * *", "timezone": "Europe/Berlin", "dst_gap": "skip", "dst_overlap": "both", "jitter_seconds": 5},
    {"schedule": "@every 1h30m", "start_at": SOON, "end_at": "2099-01-01T00:00:00.5Z", "max_runs": 3, "pool": "other"},
    {"retry_policy": {"max_retries": 0}}, {"retry_policy": {"delay_seconds": 1.5, "max_age": 60}},
    {"overlap_policy": "queue_one", "misfire_policy": "run_all", "misfire_limit": 5, "misfire_grace_seconds": 0, "priority": 9},
    {"payload": {"script": "#!/bin/sh\n\techo 'a: b' \n", "args": ["-x", "~"], "env": {"A": "no"}, "interpreter": "/bin/bash"}},
    {"job_type": "http_request", "payload": {"url": "http://127.0.0.1/", "method": "POST", "body": {"a": [1, None, "012"]}, "headers": {"X": "1"}}},
    {"job_type": "http_request", "payload": {"url": "http://127.0.0.1/", "expected_status": ["204"]}, "retry_policy": {"retry_on": [503, "network"]}},
    {"job_type": "sql_query", "payload": {"datasource": "demo", "query": "SELECT $1", "params": [1, "a", None]}},
]  # fmt: skip


async def test_what_is_exported_does_not_differ(foliot: Foliot, api: Api, tmp_path: Path) -> None:
    for number, fields in enumerate(VARIETY):
        await api.create(job_key=f"job {number}", **fields)
    keyless = await api.create()
    code, out, err = await foliot("export", "--set", "all")
    assert (code, str(keyless["job_id"]) in err) == (0, True)
    file = tmp_path / "all.yaml"
    file.write_text(out)
    code, out, err = await foliot("plan", str(file))
    assert (code, out) == (0, f"set all: 0 create, 0 change, 0 delete, {len(VARIETY)} same\n"), err


async def test_a_plan_shows_fields_and_ticks_and_can_be_kept(foliot: Foliot, api: Api, tmp_path: Path) -> None:
    job = await api.create(job_key="drifted", schedule="0 9 * * *", priority=4)
    file = tmp_path / "jobs.yaml"
    body = "{job_type: script, schedule: 0 10 * * *, job_name: a job, payload: {script: 'true'}}"
    file.write_text(f"foliot: 1\nset: s\njobs:\n  drifted: {body}\n  fresh: {body}\n")
    code, out, _ = await foliot("plan", str(file))
    assert code == 2
    assert "  priority: 4 -> 0" in out
    assert "create fresh" in out
    assert "T09:00:00" in next(line for line in out.splitlines() if "ticks before" in line)
    assert sum("ticks after" in line and line.count("T10:00:00") == 3 for line in out.splitlines()) == 2
    code, out, _ = await foliot("plan", str(file), "-o", "json")
    kept = json.loads(out)
    assert (code, kept["expect"]) == (2, {"drifted": f'"{job["version"]}"'})


async def test_wrong_usage_of_plan_is_1_not_2(foliot: Foliot, tmp_path: Path) -> None:
    assert (await foliot("plan"))[0] == 1
    assert (await foliot("plan", str(tmp_path / "nothing.yaml")))[0] == 1
    assert (await foliot("plan", "--colour"))[0] == 1


async def test_apply_says_what_a_server_lacks_or_applies(foliot: Foliot, api: Api, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(
        "foliot: 1\nset: applied\njobs:\n  one: {job_type: script, schedule: manual, payload: {script: 'true'}}\n"
    )
    code, _, err = await foliot("apply", str(file))
    if code == 1:
        assert "no POST /v1/jobs/bulk" in err
    else:
        assert code == 0
        assert (await foliot("plan", str(file)))[0] == 0
