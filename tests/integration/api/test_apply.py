"""Apply: the jobs of a set are made equal to a list, whole or not at all."""

from __future__ import annotations

import itertools
from typing import Any

from .conftest import SCRIPT, Api
from .test_bulk import bulk

_numbers = itertools.count()


class Manifest:
    """A set of its own."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.name = f"set {next(_numbers)}"

    def job(self, key: str, **fields: Any) -> dict[str, Any]:
        return SCRIPT | {"job_key": f"{self.name} {key}"} | fields

    async def apply(self, *jobs: dict[str, Any], status: int = 200, **fields: Any) -> Any:
        return await bulk(self.api, {"action": "apply", "set": self.name, "jobs": list(jobs), **fields}, status)

    async def ledger(self) -> dict[str, dict[str, Any]]:
        """All of the rows, by job_key, with their xmin: it changes with every write and every lock."""
        rows = await self.api.rows(
            "SELECT *, xmin::text, xmax::text FROM jobs WHERE job_key LIKE $1 AND deleted_at IS NULL", f"{self.name} %"
        )
        return {row["job_key"].removeprefix(f"{self.name} "): row for row in rows}


def changes(answer: Any) -> list[str]:
    return [row["change"] for row in answer["results"]]


async def test_new_jobs_are_made_changed_ones_edited_equal_ones_not_touched(api: Api) -> None:
    one = Manifest(api)
    first = await one.apply(one.job("a"), one.job("b"))
    assert (changes(first), first["done"], first["failed"]) == (["create", "create"], 2, 0)
    before = await one.ledger()
    second = await one.apply(one.job("a"), one.job("b", priority=3, description="new"), one.job("c"))
    assert changes(second) == ["same", "change", "create"]
    assert (second["matched"], second["done"]) == (3, 2)
    assert second["results"][1]["fields"] == ["description", "priority"]
    after = await one.ledger()
    assert after["a"] == before["a"]  # neither written nor locked
    assert (after["b"]["version"], after["b"]["priority"]) == (2, 3)
    assert {row["set"] for row in after.values()} == {one.name}
    _, page, _ = await api.call("GET", f"/v1/jobs?set={one.name.replace(' ', '%20')}")
    assert {job["job_key"] for job in page["items"]} == {one.job(key)["job_key"] for key in "abc"}


async def test_an_equal_definition_arms_nothing_again(api: Api) -> None:
    """Nor do other texts of the same policy; a pause stays, whatever changes."""
    one = Manifest(api)
    policy = {"retry_policy": {"max_retries": 3}}
    await one.apply(one.job("done"), one.job("paused"), one.job("policy"))
    for key in ("done", "paused"):
        status = "COMPLETED" if key == "done" else "PAUSED"
        await api.rows(
            "UPDATE jobs SET status = $2, next_run_time = NULL WHERE job_key = $1 RETURNING 1",
            one.job(key)["job_key"], status,
        )  # fmt: skip
    before = await one.ledger()
    answer = await one.apply(one.job("done"), one.job("paused"), one.job("policy", **policy))
    assert changes(answer) == ["same"] * 3
    assert await one.ledger() == before
    await one.apply(one.job("paused", schedule="0 10 * * *"))
    after = (await one.ledger())["paused"]
    assert (after["status"], after["schedule"], after["next_run_time"]) == ("PAUSED", "0 10 * * *", None)


async def test_jobs_that_are_left_out_are_deleted_by_their_number_alone(api: Api) -> None:
    one = Manifest(api)
    await one.apply(*(one.job(key) for key in "abc"))
    assert changes(await one.apply(one.job("a"))) == ["same"]
    assert len(await one.ledger()) == 3
    refused = await one.apply(one.job("a"), prune=1, status=409)
    assert refused["code"] == "prune"
    assert "2 jobs" in refused["detail"]
    assert all(one.job(key)["job_key"] in refused["detail"] for key in "bc")
    plan = await one.apply(one.job("a"), dry_run=True)
    assert changes(plan) == ["same", "delete", "delete"]
    assert len(await one.ledger()) == 3
    answer = await one.apply(one.job("a"), prune=2)
    assert (changes(answer), answer["done"]) == (["same", "delete", "delete"], 2)
    assert set(await one.ledger()) == {"a"}
    await one.apply(one.job("a"), prune=0)


async def test_a_wrong_row_undoes_all_of_it(api: Api) -> None:
    one = Manifest(api)
    await one.apply(one.job("a"))
    before = await one.ledger()
    for wrong in (
        one.job("b", priority=10), SCRIPT, one.job("a", priority=2), one.job("b", schedule="2001-01-01T00:00:00Z")
    ):  # fmt: skip
        answer = await one.apply(one.job("a", priority=1), one.job("new"), wrong)
        assert (answer["done"], answer["failed"]) == (0, 1), answer
        assert "error" in answer["results"][2]
        after = await one.ledger()  # a lock of what was undone may be left in it
        assert {key: row | {"xmax": ""} for key, row in after.items()} == {"a": before["a"] | {"xmax": ""}}


async def test_an_expected_version_that_is_not_there_undoes_all_of_it(api: Api) -> None:
    one = Manifest(api)
    key = one.job("a")["job_key"]
    await one.apply(one.job("a"))
    answer = await one.apply(one.job("a", priority=1), one.job("b"), expect={key: '"7"'})
    assert (answer["done"], answer["results"][0]["error"]["code"]) == (0, "stale_version")
    assert set(await one.ledger()) == {"a"}
    answer = await one.apply(one.job("b"), prune=1, expect={key: '"7"'})
    assert (answer["done"], answer["results"][1]["error"]["status"]) == (0, 412)
    assert (await one.apply(one.job("a", priority=1), expect={key: '"1"'}))["done"] == 1
    await one.apply(one.job("a"), expect={"no such key": '"1"'}, status=422)


async def test_a_job_of_another_set_is_a_conflict_unless_it_is_adopted(api: Api) -> None:
    one = Manifest(api)
    await api.create(**one.job("a"))
    await bulk(api, {"action": "apply", "set": f"{one.name} other", "jobs": [one.job("b")]})
    jobs = one.job("a"), one.job("b"), one.job("c")
    answer = await one.apply(*jobs)
    assert changes(answer) == ["conflict", "conflict", "create"]
    assert [row.get("error", {}).get("code") for row in answer["results"]] == ["set", "set", None]
    assert "c" not in await one.ledger()
    before = await one.ledger()
    adopted = await one.apply(*jobs, adopt=True)
    assert (changes(adopted), adopted["done"]) == (["change", "change", "create"], 3)
    assert adopted["results"][0]["fields"] == ["set"]
    after = await one.ledger()
    assert {row["set"] for row in after.values()} == {one.name}
    for name in ("version", "updated_at", "next_run_time", "schedule_since"):
        assert after["a"][name] == before["a"][name]  # the definition is the same
    (audited,) = await api.rows(
        "SELECT old_value->>'set' AS old, new_value->>'set' AS new FROM audit_logs WHERE action = 'UPDATE_JOB' AND resource_id = $1",
        after["b"]["job_id"],
    )
    assert audited == {"old": f"{one.name} other", "new": one.name}


async def test_a_change_behind_the_plan_undoes_all_of_it(api: Api, monkeypatch: Any) -> None:
    """Somebody edits a job after the plan looked at it, and before it is locked."""
    from foliot.api.handlers import bulk as handler

    one = Manifest(api)
    await one.apply(one.job("a"))
    real = handler.plan

    async def planned(*args: Any) -> Any:
        found = await real(*args)
        await api.rows("UPDATE jobs SET version = 9 WHERE job_key = $1 RETURNING 1", one.job("a")["job_key"])
        return found

    monkeypatch.setattr(handler, "plan", planned)
    answer = await one.apply(one.job("a", priority=5), one.job("b"))
    assert (answer["done"], answer["results"][0]["error"]["code"]) == (0, "stale_version")
    assert set(await one.ledger()) == {"a"}


async def test_a_key_that_is_taken_behind_the_look_is_looked_at_again(api: Api, monkeypatch: Any) -> None:
    from foliot.api.bulk import storing

    real, calls = storing._taken, []

    async def taken(*args: Any) -> Any:
        found = await real(*args)
        if not calls:
            calls.append(1)
            await api.create(job_key="taken behind")
        return found

    monkeypatch.setattr(storing, "_taken", taken)
    answer = await bulk(api, {"action": "create", "jobs": [SCRIPT, SCRIPT | {"job_key": "taken behind"}]})
    assert [row.get("error", {}).get("code") for row in answer["results"]] == [None, "job_key"]


async def test_a_set_of_another_team_is_its_own(api: Api) -> None:
    one = Manifest(api)
    await one.apply(one.job("a"))
    stranger = {"Authorization": f"Bearer {await api.key_for('operator', 9, 90)}"}
    body = {"action": "apply", "set": one.name, "jobs": [], "prune": 0}
    assert (await bulk(api, body, **stranger))["matched"] == 0
    made = await bulk(api, body | {"jobs": [one.job("a", priority=1)]}, **stranger)
    assert changes(made) == ["create"]
    assert [
        row["priority"]
        for row in await api.rows(
            "SELECT priority FROM jobs WHERE job_key = $1 ORDER BY team_id", one.job("a")["job_key"]
        )
    ] == [1, 0]
