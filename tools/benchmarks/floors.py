"""The real executors' pace, through the whole of Foliot: jobs of one type, all due at one moment, drained."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.rig import Rig
from benchmarks.throughput import Drain
from chaos.load import Target
from cluster.demo import QUERY, create_demo
from cluster.postgres import Postgres

SLOTS = "WORKER__FOLIOT_WORKER_SLOTS"


class HttpRequests(Drain):
    """To a target that is a process of its own and answers 200 at once."""

    name, job_type, per_second = "http_request", "http_request", 800

    @contextlib.asynccontextmanager
    async def payload(self, rig: Rig) -> AsyncIterator[tuple[str, dict[str, str]]]:
        target = Target(rig.directory / "arrivals")
        await target.start()
        try:
            yield json.dumps({"url": target.url}), {SLOTS: "100"}
        finally:
            await target.stop()


class Scripts(Drain):
    """`true`, each in its own sandbox."""

    name, job_type, per_second = "script", "script", 80

    @contextlib.asynccontextmanager
    async def payload(self, _rig: Rig) -> AsyncIterator[tuple[str, dict[str, str]]]:
        yield json.dumps({"script": "true"}), {SLOTS: "20"}


class SqlQueries(Drain):
    """The local cluster's demo query, over a connection of its own each."""

    name, job_type, per_second = "sql_query", "sql_query", 200

    @contextlib.asynccontextmanager
    async def payload(self, rig: Rig) -> AsyncIterator[tuple[str, dict[str, str]]]:
        sources: Path = rig.directory / "datasources.json"
        password = rig.servers.database_url.split(":")[2].partition("@")[0]
        primary = Postgres(rig.directory, rig.servers.postgres.port, password, password)
        await create_demo(primary, "demo", sources)
        more = {"WORKER__FOLIOT_WORKER_DATASOURCES_FILE": str(sources), SLOTS: "20"}
        yield json.dumps({"datasource": "demo", "query": QUERY}), more
