"""A Prometheus and an Alertmanager of a test's own, defined as the local cluster's, over a Foliot's processes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from cluster.alertmanager import Alertmanager
from cluster.definition import HOST
from cluster.ports import choose
from cluster.prometheus import Prometheus
from cluster.server import Server
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
