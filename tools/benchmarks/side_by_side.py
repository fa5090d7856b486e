"""A peer's tasks: enqueued first, then drained by its workers, on the same servers in a database and vhost of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec

from benchmarks.jobs import Sql
from benchmarks.processes import Watch
from benchmarks.results import REPOSITORY, Figures, Results
from benchmarks.rig import Rig
from cluster.definition import minimal_environment
from cluster.errors import ClusterError
from cluster.logfile import tail
from cluster.process import Process, spawn
from support.starting import add_vhost

PYTHON = REPOSITORY / ".venv" / "peers" / "bin" / "python"
DATABASE = "peer"
LOOK_EVERY = 0.2
UNLOGGED = "SELECT string_agg(relname, ', ') FROM pg_class WHERE relpersistence = 'u'"


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """`per_second` sizes the measurement; `begun`, `recorded`, `checked` are SQL: has
    any its result stored, how many (while it goes on), how many (at the end)."""

    name: str
    module: str
    per_second: int
    processes: int
    begun: str
    recorded: str
    checked: str
    environment: dict[str, str] = {}

    async def measure(self, rig: Rig, _results: Results, _round: int) -> Figures:
        count = self.per_second * rig.settings.seconds
        log = rig.directory / f"{self.module}.log"
        async with _places(rig, self.environment) as (environment, sql):
            await self._command(environment, log, "setup")
            seconds = float(json.loads(await self._command(environment, log, "enqueue", str(count))))
            await sql.execute("VACUUM ANALYZE")
            await sql.execute("CHECKPOINT")
            drained = await self._drain(rig, sql, environment, log, count)
            recorded = await sql.fetchval(self.checked, timeout=600)
            unlogged = await sql.fetchval(UNLOGGED)
        problems = [f"{recorded} of {count} results are stored"] if recorded != count else []
        problems += [f"{unlogged} are unlogged: not durable"] if unlogged else []
        return {"jobs": count, "enqueued_per_second": round(count / seconds), "problems": problems, **drained}

    async def _drain(self, rig: Rig, sql: Sql, environment: dict[str, str], log: Path, count: int) -> Figures:
        """From the first stored result to the last: starting the workers is not measured."""
        workers: list[Process] = []
        try:
            for _ in range(self.processes):
                worker = spawn(
                    (str(PYTHON), "-m", f"benchmarks.peers.{self.module}", "work"),
                    environment,
                    log,
                    die_with_parent=True,
                )
                worker.go()
                workers.append(worker)
            await _until(sql, self.begun, workers, log)
            roots = {f"worker-{n + 1}": worker.pid for n, worker in enumerate(workers)}
            watch = Watch({name: rig.servers.all[name].pid for name in ("postgres", "rabbitmq")} | roots)
            recorded = self.recorded.format(count=count)
            first = await sql.fetchval(recorded)
            await _until(sql, f"SELECT ({recorded}) >= {count}", workers, log)
            figures = watch.figures(count - first)
            return {"per_second": round((count - first) / figures["seconds"]), **figures}
        finally:
            async with asyncio.TaskGroup() as group:
                for worker in workers:
                    group.create_task(worker.stop(signal.SIGTERM, 10))

    async def _command(self, environment: dict[str, str], log: Path, *arguments: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(str(PYTHON), "-m", f"benchmarks.peers.{self.module}", *arguments),
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await process.communicate()
        if process.returncode:
            raise ClusterError(f"{self.name}: {arguments[0]} failed", errors.decode()[-2000:])
        return out


@contextlib.asynccontextmanager
async def _places(rig: Rig, more: dict[str, str]) -> AsyncIterator[tuple[dict[str, str], Sql]]:
    """An empty database and vhost: (the environment that names them, a connection of the owner's)."""
    owner = await asyncpg.connect(rig.servers.database_url)
    await owner.execute(f"CREATE DATABASE {DATABASE}")
    url = rig.servers.database_url.rsplit("/", 1)[0] + f"/{DATABASE}"
    amqp_url = rig.servers.amqp_url.rsplit("/", 1)[0] + f"/{await add_vhost(rig.servers)}"
    found = {"BENCH_DATABASE_URL": url, "BENCH_AMQP_URL": amqp_url, "PYTHONPATH": str(REPOSITORY / "tools")}
    sql = await asyncpg.connect(url)
    try:
        yield minimal_environment(**found, **more), sql
    finally:
        await sql.close()
        await owner.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        await owner.close()


async def _until(sql: Sql, query: str, workers: list[Process], log: Path, limit: float = 900) -> None:
    async with asyncio.timeout(limit):
        while not await sql.fetchval(query):
            if any(worker.status is not None for worker in workers):
                raise ClusterError(f"a worker ended: see {log}", tail(log))
            await asyncio.sleep(LOOK_EVERY)


def _celery(name: str, per_second: int, **environment: str) -> Peer:
    stored = "FROM celery_taskmeta WHERE status = 'SUCCESS'"
    return Peer(
        name=name,
        module="celery_peer",
        per_second=per_second,
        processes=1,
        begun=f"SELECT EXISTS (SELECT {stored})",
        recorded=f"SELECT count(*) {stored}",
        checked=f"SELECT count(*) {stored}",
        environment=environment,
    )


PEERS = [
    _celery("celery", 700),
    _celery("celery, start recorded", 400, BENCH_TRACK_STARTED="1"),
    Peer(
        name="procrastinate",
        module="procrastinate_peer",
        per_second=1_000,
        processes=2,
        begun="SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'succeeded')",
        recorded="SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
        checked="SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
    ),
    Peer(
        name="taskiq",
        module="taskiq_peer",
        per_second=2_500,
        processes=1,
        begun="SELECT EXISTS (SELECT FROM taskiq_results)",
        recorded="SELECT count(*) FROM taskiq_results",
        checked="SELECT count(*) FROM taskiq_results",
    ),
    Peer(
        name="pgqueuer",
        module="pgqueuer_peer",
        per_second=25_000,
        processes=2,
        # Each job logs queued, picked and successful: counting a million rows while they are written would slow it down.
        begun="SELECT EXISTS (SELECT FROM pgqueuer_log WHERE status = 'successful')",
        recorded="SELECT (last_value - {count}) / 2 FROM pgqueuer_log_id_seq",
        checked="SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'",
    ),
]
