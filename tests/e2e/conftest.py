"""One Foliot for all end-to-end tests: real processes, as a user starts them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from cluster.servers import Servers
from support.databases import create_from_template
from support.foliot import Foliot
from support.monitoring import Watched, start_monitoring, start_replica
from support.receivers import open_receivers
from support.starting import start_foliot


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """tests/e2e/compose needs a container engine."""
    return True if collection_path.name == "compose" and not config.getoption("--compose") else None


@pytest.fixture(scope="session")
async def foliot(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Foliot]:
    directory: Path = tmp_path_factory.mktemp("foliot")
    sources = directory / "datasources.json"
    async with create_from_template(servers.database_url, template, "e2e") as database:
        sources.write_text(json.dumps({"demo": {"url": database.owner_url}}))
        async with start_foliot(
            servers,
            database,
            directory,
            schedulers=2,
            workers=2,
            environment={"WORKER__FOLIOT_WORKER_DATASOURCES_FILE": str(sources)},
        ) as started:
            yield started


SHORT: dict[str, str | float] = {
    "window": "8s", "failure_ratio_for": "1s", "worker_down_for": "1s", "scheduler_down_for": "1s", "queue_depth": 20,
    "queue_depth_for": "1s", "workers_expected": 2, "group_wait": "1s", "group_interval": "1s",
}  # fmt: skip


@pytest.fixture(scope="session")
async def watched(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """One whose processes may be killed, with a replica, a Prometheus and an Alertmanager."""
    directory = tmp_path_factory.mktemp("alerts")
    async with (
        create_from_template(servers.database_url, template, "alerts") as database,
        start_replica(servers, directory),
        start_foliot(servers, database, directory, schedulers=2, workers=2) as foliot,
        open_receivers() as receivers,
        start_monitoring(foliot, directory, receivers, **SHORT) as monitoring,
    ):
        await foliot.leader()
        yield Watched(foliot, receivers, monitoring)


@pytest.fixture(scope="session")
async def target(foliot: Foliot) -> AsyncIterator[str]:
    """A server for http_request jobs: /ok answers 200, /fail 500, /fixed/<name> 500 at first and then 200."""
    seen: set[str] = set()

    async def fixed(request: web.Request) -> web.Response:
        first = request.path not in seen
        seen.add(request.path)
        return web.Response(status=500 if first else 200)

    async def ok(_request: web.Request) -> web.Response:
        return web.Response(text="fine")

    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=500)

    app = web.Application()
    app.add_routes([web.route("*", "/ok", ok), web.route("*", "/fail", fail), web.route("*", "/fixed/{name}", fixed)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, foliot.host, 0).start()
    yield f"http://{foliot.host}:{runner.addresses[0][1]}"
    await runner.cleanup()
