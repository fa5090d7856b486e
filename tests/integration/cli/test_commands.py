"""The commands against the API: their data, their exit codes, and where they go."""

from __future__ import annotations

import json

import pytest
from api.conftest import Api

from .conftest import Foliot


def found(text: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(text)
    return value


async def test_the_life_of_a_job(foliot: Foliot) -> None:
    code, out, _ = await foliot(
        "jobs",
        "create",
        "--name",
        "hello",
        "--schedule",
        "0 9 * * *",
        "--script",
        "true",
        "--set",
        "job_key=hello",
        "-o",
        "name",
    )
    assert code == 0
    number = out.strip()
    for verb, status in (("pause", "PAUSED"), ("resume", "PENDING")):
        code, out, _ = await foliot("jobs", verb, "hello", "-o", "json")
        assert (code, found(out)["status"]) == (0, status)
    code, out, _ = await foliot(
        "jobs", "edit", number, "--set", "priority=5", "--set", "labels.owner=ops", "-o", "json"
    )
    assert (found(out)["priority"], found(out)["labels"]) == (5, {"owner": "ops"})
    assert (await foliot("jobs", "edit", number, "--set", "priority=6", "--if-version", "1"))[0] == 5
    code, out, _ = await foliot("jobs", "run", "hello", "-o", "name")
    assert code == 0
    run = out.strip()
    assert (await foliot("executions", "cancel", run))[0] == 0
    assert (await foliot("executions", "wait", run))[0] == 12
    code, out, _ = await foliot("jobs", "history", "hello", "-o", "ndjson")
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["CANCELLED"]
    assert (await foliot("jobs", "cancel", number))[0] == 0
    assert (await foliot("jobs", "pause", number))[0] == 5
    code, out, err = await foliot("jobs", "delete", number)
    assert (code, out) == (0, "")
    assert "is deleted" in err
    assert (await foliot("jobs", "get", number))[0] == 3
    assert (await foliot("jobs", "get", "hello"))[0] == 3


async def test_a_list_is_data_alone_and_says_beside_it_that_there_is_more(foliot: Foliot, api: Api) -> None:
    for number in range(3):
        await api.create(job_name=f"listed\t{number}", labels={"of": "list"})
    code, out, err = await foliot("jobs", "list", "--label", "of=list", "--limit", "2", "-o", "table")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "listed\\t2" in out
    assert "--all" in err
    code, out, err = await foliot("jobs", "list", "--label", "of=list", "--all", "-o", "yaml")
    assert (out.count("- job_id:"), err) == (3, "")


async def test_a_refusal_names_every_field_and_the_request(foliot: Foliot) -> None:
    code, out, err = await foliot(
        "jobs", "create", "--schedule", "0 9 * *", "--script", "true", "--name", "a", "--set", "priority=99"
    )
    assert (code, out) == (1, "")
    assert "  schedule: " in err
    assert "  priority: " in err
    assert "  request " in err


async def test_a_wrong_key_and_a_viewers_are_told_apart_from_nothing_there(foliot: Foliot, api: Api) -> None:
    assert (await foliot("jobs", "list", FOLIOT_API_KEY="wrong"))[0] == 4
    viewer = await api.key_for("viewer")
    assert (await foliot("jobs", "list", FOLIOT_API_KEY=viewer))[0] == 0
    assert (
        await foliot("jobs", "create", "--name", "a", "--schedule", "manual", "--script", "true", FOLIOT_API_KEY=viewer)
    )[0] == 4
    assert (await foliot("executions", "get", "999999999"))[0] == 3


async def test_a_tick_is_explained_by_the_jobs_own_clock(foliot: Foliot, api: Api) -> None:
    job = await api.create(schedule="0 * * * *", timezone="Europe/Berlin", job_key="hourly")
    await api.rows("UPDATE jobs SET created_at = created_at - interval '3 hours' WHERE job_id = $1", job["job_id"])
    await api.rows(
        "UPDATE job_versions SET valid_from = valid_from - interval '3 hours' WHERE job_id = $1", job["job_id"]
    )
    code, out, _ = await foliot("jobs", "explain", "hourly", "-o", "json")
    assert code == 0
    last = json.loads(out)[0]
    code, out, _ = await foliot("jobs", "explain", "hourly", "--at", last["local"][:16])
    assert (code, last["local"] in out) == (0, True)
    assert (await foliot("jobs", "explain", "hourly", "--at", last["scheduled_time"]))[1] == out
    assert (await foliot("jobs", "explain", "hourly", "--at", last["local"][:14] + "17"))[0] == 3


async def test_preview_and_the_cluster(foliot: Foliot) -> None:
    code, out, err = await foliot(
        "schedules",
        "preview",
        "30 2 * * *",
        "--timezone",
        "Europe/Berlin",
        "--after",
        "2026-10-24T12:00:00Z",
        "-n",
        "1",
    )
    assert (code, out.split("\t")[0]) == (0, "2026-10-25T02:30:00+02:00")
    assert "02:30" in err
    assert (await foliot("cluster", "status"))[0] == 0
    assert (await foliot("audit", "--limit", "2", "-o", "ndjson"))[1].count("\n") == 2


async def test_dead_letters_are_named_or_filtered_not_both(foliot: Foliot) -> None:
    assert (await foliot("dead-letters", "replay"))[0] == 2
    assert (await foliot("dead-letters", "discard", "1", "--job-id", "1"))[0] == 2
    code, out, _ = await foliot("dead-letters", "discard", "--job-id", "1", "--dry-run", "-o", "json")
    assert (code, found(out)) == (0, {"matched": 0, "done": 0})


async def test_keys_are_made_shown_once_and_revoked(foliot: Foliot) -> None:
    code, out, _ = await foliot("keys", "create", "--name", "ci", "--role", "viewer", "-o", "json")
    assert code == 0
    made = found(out)
    assert (await foliot("jobs", "list", FOLIOT_API_KEY=str(made["key"])))[0] == 0
    assert "ci" in (await foliot("keys", "list"))[1]
    assert (await foliot("keys", "revoke", str(made["key_id"])))[0] == 0


async def test_any_request(foliot: Foliot) -> None:
    code, out, _ = await foliot("api", "GET", "/v1/workers")
    assert (code, found(out)["items"]) == (0, [])
    assert (await foliot("api", "GET", "/v1/nothing"))[0] == 3


async def test_login_checks_the_key_and_keeps_it_for_the_owner_alone(
    foliot: Foliot, api: Api, address: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    from pathlib import Path

    file = Path(str(tmp_path)) / ".config/foliot/config.toml"
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    assert (await foliot("login", address, FOLIOT_URL="", FOLIOT_API_KEY=""))[0] == 4
    assert not file.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{api.key}\n"))
    assert (await foliot("login", address, "--name", "prod", "--protected", FOLIOT_URL="", FOLIOT_API_KEY=""))[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    nothing = {"FOLIOT_URL": "", "FOLIOT_API_KEY": ""}
    assert (await foliot("jobs", "list", **nothing))[0] == 0
    job = await api.create()
    code, _, err = await foliot("jobs", "delete", str(job["job_id"]), **nothing)
    assert (code, "--confirm prod" in err) == (2, True)
    assert (await foliot("jobs", "delete", str(job["job_id"]), "--confirm", "prod", **nothing))[0] == 0
