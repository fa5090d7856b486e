"""Bulk changes whose API process is killed in the middle: finished once, each row right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cluster.servers import Servers
from support.databases import create_from_template
from support.eventually import eventually
from support.foliot import Foliot
from support.ledger import check_ledger
from support.operations import insert_jobs, rows_that_are_wrong
from support.starting import start_foliot

JOBS = 3_000
KILLS = 3


@pytest.fixture
async def killable(servers: Servers, template: str, tmp_path: Any) -> AsyncIterator[Foliot]:
    async with (
        create_from_template(servers.database_url, template, "operations") as database,
        start_foliot(servers, database, tmp_path, schedulers=2, workers=0) as foliot,
    ):
        yield foliot


async def test_an_operation_goes_on_exactly_where_its_process_was_killed(killable: Foliot) -> None:
    """The leader is killed as well: nothing of it is the leader's."""
    async with killable.sql() as sql:
        await insert_jobs(sql, JOBS)
    begun = await killable.call("POST", "/v1/jobs/bulk", {"action": "pause", "filter": {}}, expect=202)
    path = f"/v1/operations/{begun['operation_id']}"
    leader, done = await killable.leader(), -1
    for kill in range(KILLS):

        async def goes_on(past: int = done) -> int:
            found: int = (await killable.call("GET", path))["done"]
            assert found > past
            return found

        done = await eventually(goes_on)
        if done == JOBS:
            break
        await killable.services["api-1"].kill()
        if kill == 0:
            await killable.services[leader].kill()
        await killable.services["api-1"].start()

    async def ended() -> Any:
        found = await killable.call("GET", path)
        assert found["status"] == "COMPLETED", found
        return found

    whole = await eventually(ended)
    assert (whole["matched"], whole["done"], whole["failed"]) == (JOBS, JOBS, 0)
    async with killable.sql() as sql:
        assert await rows_that_are_wrong(sql, "PAUSED", "PAUSE_JOB") == 0
        assert await check_ledger(sql) == []
