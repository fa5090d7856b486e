"""The table at the end of `make up`, against an API of the test's own."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from cluster import proof
from cluster.errors import ClusterError
from cluster.ports import choose
from cluster.proof import prove

COMPLETED = {
    "execution_id": 7,
    "status": "COMPLETED",
    "worker_id": "worker-1",
    "scheduled_time": "2026-01-02T03:04:05.000000Z",
    "start_time": "2026-01-02T03:04:05.012000Z",
    "duration_ms": 0,
    "error_message": None,
}
FAILED = COMPLETED | {"status": "FAILED", "error_message": "no such data source"}


Jobs = dict[int, dict[str, Any]]


@contextlib.asynccontextmanager
async def api(outcomes: dict[str, dict[str, Any]], jobs: Jobs | None = None) -> AsyncIterator[str]:
    """Serves what `prove` asks for; outcomes by job type, COMPLETED where none is named. `jobs`: those that were made;
    deleted ones are empty."""
    made: Jobs = {} if jobs is None else jobs

    async def create(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer key":
            return web.json_response({"code": "unauthorized"}, status=401)
        made[len(made) + 1] = await request.json()
        return web.json_response({"job_id": len(made)}, status=201)

    async def delete(request: web.Request) -> web.Response:
        made[int(request.match_info["job_id"])].clear()
        return web.Response(status=204)

    async def job(_request: web.Request) -> web.Response:
        return web.json_response({"status": "FAILED"})

    async def executions(request: web.Request) -> web.Response:
        job_id = int(request.match_info["job_id"])
        outcome = outcomes.get(made[job_id]["job_type"], COMPLETED)
        return web.json_response({"items": [outcome | {"job_id": job_id}], "next_cursor": None})

    app = web.Application()
    app.add_routes(
        [
            web.post("/v1/jobs", create),
            web.get("/v1/jobs/{job_id}", job),
            web.delete("/v1/jobs/{job_id}", delete),
            web.get("/v1/jobs/{job_id}/executions", executions),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    [port] = choose(["api"]).values()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def test_table_shows_one_execution_of_each_type() -> None:
    async with api({}) as url:
        lines = (await prove(url, "key")).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["http_request", "script", "sql_query"]
    assert all(
        line.split()[2:] == ["7", "COMPLETED", "worker-1", "2026-01-02T03:04:05.000000Z", "12", "0"]
        for line in lines[1:]
    )


async def test_job_that_was_given_up_fails_the_proof_with_the_reason() -> None:
    async with api({"sql_query": FAILED}) as url:
        with pytest.raises(ClusterError, match=r"the sql_query job did not complete: no such data source\n") as error:
            await prove(url, "key")
    assert "COMPLETED" in str(error.value)


@pytest.mark.parametrize("outcomes", [{}, {"sql_query": FAILED}])
async def test_jobs_of_the_proof_are_gone_after_it(outcomes: dict[str, dict[str, Any]]) -> None:
    jobs: Jobs = {}
    async with api(outcomes, jobs) as url:
        with contextlib.suppress(ClusterError):
            await prove(url, "key")
    assert jobs == {1: {}, 2: {}, 3: {}}


async def test_jobs_of_the_proof_run_in_a_pool_that_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: Jobs = {}
    pools: list[str] = []
    async with api({}, jobs) as url:
        sent = proof._call

        async def call(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
            pools.extend([body["pool"]] if body else [])
            return await sent(session, method, path, body)

        monkeypatch.setattr(proof, "_call", call)
        await prove(url, "key", "gpu")
    assert pools == ["gpu"] * 3


async def test_refused_key() -> None:
    async with api({}) as url:
        with pytest.raises(ClusterError, match="run make key"):
            await prove(url, "another")


async def test_api_that_is_away() -> None:
    [port] = choose(["api"]).values()
    with pytest.raises(ClusterError, match=rf"the API at http://127\.0\.0\.1:{port} fails"):
        await prove(f"http://127.0.0.1:{port}", "key")
