"""A Prometheus and an Alertmanager of a test's own, defined as the local cluster's, over a Foliot's processes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import msgspec

from cluster.alertmanager import Alertmanager
from cluster.definition import HOST
from cluster.ports import choose
from cluster.postgres import Postgres
from cluster.prometheus import Prometheus
from cluster.replica import Replica
from cluster.server import Server
from cluster.servers import Servers
from monitoring.alerting import read_settings
from support.foliot import Foliot
from support.receivers import ROUTING_KEY, Receivers


class Monitoring:
    def __init__(self, prometheus: Prometheus, http: aiohttp.ClientSession) -> None:
        self._prometheus = prometheus
        self._http = http

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query; fails with Prometheus's own words."""
        async with self._http.get(f"{self._prometheus.url}/api/v1/query", params={"query": expression}) as response:
            answer = await response.json()
        assert answer["status"] == "success", (expression, answer.get("error"))
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result


class Watched(msgspec.Struct, frozen=True):
    """A Foliot, who watches it, and who is told."""

    foliot: Foliot
    receivers: Receivers
    monitoring: Monitoring


def targets_of(foliot: Foliot) -> dict[str, list[str]]:
    targets: dict[str, list[str]] = {}
    for name, server in foliot.services.items():
        targets.setdefault(name.partition("-")[0], []).append(f"{HOST}:{server.port}")
    return targets


@contextlib.asynccontextmanager
async def start_monitoring(
    foliot: Foliot, directory: Path, receivers: Receivers | None = None, **settings: str | float
) -> AsyncIterator[Monitoring]:
    """`settings`: of infra/alerts/settings.toml, where they shall differ."""
    ports = choose(["prometheus", "alertmanager"], taken={server.port for server in foliot.services.values()})
    keys = directory / "keys"
    keys.mkdir(parents=True)
    chosen = {**read_settings(), **settings}
    if receivers is not None:
        (keys / "pagerduty-key").write_text(ROUTING_KEY)
        (keys / "slack-webhook").write_text(f"{receivers.url}/services/T/B/x")
        chosen["pagerduty_url"] = f"{receivers.url}/v2/enqueue"
    alertmanager = Alertmanager(
        directory=directory / "alertmanager", port=ports["alertmanager"], keys=keys, settings=chosen
    )
    prometheus = Prometheus(
        directory=directory / "prometheus", port=ports["prometheus"], alertmanager_port=ports["alertmanager"],
        targets=targets_of(foliot), settings=chosen, interval="1s",
    )  # fmt: skip
    servers = [
        Server(one.definition(), directory / f"{one.definition().name}.log") for one in (alertmanager, prometheus)
    ]
    async with aiohttp.ClientSession() as http:
        try:
            for server in servers:
                await server.start()
            yield Monitoring(prometheus, http)
        finally:
            for server in reversed(servers):
                await server.stop()


@contextlib.asynccontextmanager
async def start_replica(servers: Servers, directory: Path) -> AsyncIterator[None]:
    """One that streams from the session's primary; its slot is dropped at the end."""
    password = urlsplit(servers.database_url).password or ""
    primary = Postgres(directory / "unused", servers.postgres.port, password, password)
    [port] = choose(["replica"]).values()
    server = Server(Replica(directory / "replica", port, primary).definition(), directory / "replica.log")
    await server.start()
    try:
        yield
    finally:
        await server.stop()
        owner = await asyncpg.connect(servers.database_url)
        await owner.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active")
        await owner.close()
