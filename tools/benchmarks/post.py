"""POST /v1/jobs a second under wrk, and what the same process does at most without a database."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.jobs import Sql
from benchmarks.processes import Watch
from benchmarks.results import Figures, Results
from benchmarks.rig import Rig
from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError, NotReady
from cluster.layout import REPOSITORY
from cluster.ports import choose
from cluster.server import Server

SCRIPT = Path(__file__).with_name("post.lua")
WITHOUT_THEIR_ROWS = """
SELECT count(*) FROM jobs j
WHERE (SELECT count(*) FROM job_versions v WHERE v.job_id = j.job_id) <> 1
   OR (SELECT count(*) FROM audit_logs a
       WHERE a.resource_type = 'JOB' AND a.resource_id = j.job_id AND a.action = 'CREATE_JOB') <> 1"""


class Wrk(msgspec.Struct):
    """The result that wrk prints; `wrong` are answers of 400 and above, `broken` connections that failed."""

    answers: int
    wrong: int
    broken: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    def figures(self) -> Figures:
        shown = {name: round(getattr(self, name), 2) for name in ("p50_ms", "p99_ms", "max_ms")}
        wrong = f"{self.wrong} wrong answers, {self.broken} broken connections"
        return {
            "answers": self.answers,
            "per_second": round(self.answers / self.seconds),
            **shown,
            "problems": [wrong] if self.wrong or self.broken else [],
        }


class Post:
    """Answered 201 after the commit, with auth, validation, history and audit."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self.name = f"post, {connections} connections"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        async with rig.database() as database, rig.foliot(database, schedulers=0, workers=0) as bench:
            api = bench.foliot.services["api-1"]
            key = bench.foliot.http.headers["Authorization"].removeprefix("Bearer ")
            await wrk(api.port, key, self._connections, 2, "warm")
            watch = bench.watch()
            said = await wrk(api.port, key, self._connections, rig.settings.seconds, "bench")
            figures: Figures = watch.figures(max(1, said.answers)) | said.figures()
            figures["problems"] += await _check(bench.sql, said.answers, self._connections)
            return figures


async def _check(sql: Sql, answers: int, connections: int) -> list[str]:
    """Problems: an answered job must be stored. wrk breaks off up to one request a connection at its end."""
    rows = await sql.fetchval("SELECT count(*) FROM jobs WHERE job_name LIKE 'bench %'")
    alone = await sql.fetchval(WITHOUT_THEIR_ROWS, timeout=600)
    problems = [] if answers <= rows <= answers + connections else [f"{rows} jobs for {answers} answers"]
    return problems + ([f"{alone} jobs without exactly one version and one audit row"] if alone else [])


class Ceiling:
    """The same process without a database."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self.name = f"without a database, {connections} connections"

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        async with _ceiling(rig.directory / "ceiling.log") as server:
            await wrk(server.port, "bench", self._connections, 2, "warm")
            watch = Watch({"api-1": server.pid})
            said = await wrk(server.port, "bench", self._connections, rig.settings.seconds, "bench")
            return watch.figures(max(1, said.answers)) | said.figures()


@contextlib.asynccontextmanager
async def _ceiling(log: Path) -> AsyncIterator[Server]:
    port = choose(["ceiling"])["ceiling"]

    async def probe() -> str:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}/"):
                return ""
        except aiohttp.ClientError as error:
            raise NotReady(str(error)) from None

    server = Server(
        Definition(
            name="ceiling", port=port, probe=probe,
            command=(sys.executable, "-m", "benchmarks.ceiling", str(port), "bench"),
            environment=minimal_environment(PYTHONPATH=str(REPOSITORY / "tools")),
        ),
        log,
    )  # fmt: skip
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def wrk(port: int, key: str, connections: int, seconds: int, word: str) -> Wrk:
    """In one thread; a mistake of wrk's own is a ClusterError with what it printed."""
    program = shutil.which("wrk")
    if program is None:
        raise ClusterError("wrk is not installed: make bench installs it")
    process = await asyncio.create_subprocess_exec(
        *(program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"),
        *("-s", str(SCRIPT), f"http://{HOST}:{port}", "--", key, word),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    result = next((line for line in output.decode().splitlines() if line.startswith("RESULT ")), None)
    if result is None:
        raise ClusterError("wrk did not run", output.decode()[-2000:])
    return msgspec.json.decode(result.removeprefix("RESULT "), type=Wrk)
