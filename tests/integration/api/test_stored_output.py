"""The stored output of an attempt, from a byte on, as JSON and as plain text."""

from __future__ import annotations

import pytest

from .conftest import Api

TEXT = "first\nzwölf €\nlast\n"


async def _ended(api: Api) -> int:
    job = await api.create(schedule="manual")
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    await api.rows(
        """UPDATE executions SET status = 'COMPLETED', start_time = available_at, end_time = clock_timestamp(),
               job_version = 1, logs = $2 WHERE execution_id = $1""",
        run["execution_id"], TEXT,
    )  # fmt: skip
    execution_id: int = run["execution_id"]
    return execution_id


async def test_one_that_waits_has_none_yet(api: Api) -> None:
    job = await api.create(schedule="manual")
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    status, answer, _ = await api.call("GET", f"/v1/executions/{run['execution_id']}/logs")
    assert (status, answer["status"], answer["logs"], answer["complete"]) == (200, "QUEUED", "", False)


@pytest.mark.parametrize("offset", range(len(TEXT.encode()) + 3))
async def test_goes_on_at_any_byte(api: Api, shown: int, offset: int) -> None:
    status, answer, _ = await api.call("GET", f"/v1/executions/{shown}/logs?offset={offset}")
    whole = TEXT.encode()
    assert status == 200
    assert answer["logs"].encode() == whole[answer["offset"] :]
    assert min(offset, len(whole)) - 3 < answer["offset"] <= min(offset, len(whole))
    assert (answer["next_offset"], answer["complete"]) == (len(whole), True)


async def test_plain_text(api: Api, shown: int) -> None:
    url = f"/v1/executions/{shown}/logs?raw&offset=6"
    async with api.client.get(url, headers={"Authorization": f"Bearer {api.key}"}) as response:
        assert (response.status, response.content_type) == (200, "text/plain")
        assert await response.text() == TEXT[6:]


async def test_a_viewer_reads_it_and_another_team_does_not(api: Api, shown: int) -> None:
    path = f"/v1/executions/{shown}/logs"
    for key, expected in ((await api.key_for("viewer"), 200), (await api.key_for("viewer", user_id=2), 404)):
        status, _, _ = await api.call("GET", path, Authorization=f"Bearer {key}")
        assert status == expected


@pytest.fixture(scope="module")
async def shown(api: Api) -> int:
    return await _ended(api)
