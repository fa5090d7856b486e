"""Starting a Foliot of real processes over the session's servers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from cluster.definition import HOST, Definition, minimal_environment
from cluster.ports import choose
from cluster.server import Server
from cluster.servers import Servers
from cluster.services import ask_readyz
from support.databases import TestDatabase
from support.foliot import Foliot
from support.proxy import Proxy, proxy_to

Proxies = dict[str, Proxy]
"""One to each server, of one service's own."""


@contextlib.asynccontextmanager
async def start_foliot(
    servers: Servers,
    database: TestDatabase,
    directory: Path,
    *,
    proxied: bool = False,
    schedulers: int = 1,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Foliot]:
    """Starts the services, waits until all are ready, and gives a client with an admin's key.

    `environment`: more variables for every process of a service, each named SERVICE__NAME.
    `proxied`: each process reaches each server through a proxy of its own.
    """
    vhost = await add_vhost(servers)
    amqp_url = servers.amqp_url.rsplit("/", 1)[0] + f"/{vhost}"
    names = ["api-1", *(f"scheduler-{n + 1}" for n in range(schedulers)), *(f"worker-{n + 1}" for n in range(workers))]
    ports = choose(names)
    async with contextlib.AsyncExitStack() as stack:
        proxies = {name: await _open_proxies(stack, servers) if proxied else {} for name in names}
        services = {}
        for name in names:
            reached = _addresses(name, database, amqp_url, servers, vhost, proxies[name])
            variables = _variables(name, ports[name]) | reached | _more(name, environment or {})
            services[name] = Server(_definition(name, ports[name], variables), directory / f"{name}.log")
        stack.push_async_callback(_stop, services)
        async with asyncio.TaskGroup() as group:
            for service in services.values():
                group.create_task(service.start())
        key = await _create_key(services["api-1"])
        client = aiohttp.ClientSession(f"http://{HOST}:{ports['api-1']}", headers={"Authorization": f"Bearer {key}"})
        http = await stack.enter_async_context(client)
        yield Foliot(database, services, http, proxies, amqp_url)


async def _stop(services: dict[str, Server]) -> None:
    async with asyncio.TaskGroup() as group:
        for service in services.values():
            group.create_task(service.stop())


async def _open_proxies(stack: contextlib.AsyncExitStack, servers: Servers) -> Proxies:
    ports = {"postgres": servers.postgres.port, "rabbitmq": servers.rabbitmq.port, "zookeeper": servers.zookeeper.port}
    return {name: await stack.enter_async_context(proxy_to(HOST, port)) for name, port in ports.items()}


def _addresses(
    name: str, database: TestDatabase, amqp_url: str, servers: Servers, vhost: str, proxies: Proxies
) -> dict[str, str]:
    """Addresses at which one process reaches the servers."""
    service = name.partition("-")[0]
    zookeeper = f"{HOST}:{proxies['zookeeper'].port}" if proxies else servers.zookeeper_hosts
    found = {"FOLIOT_DATABASE_URL": _through(database.url(service), proxies.get("postgres"))}
    if service != "api":
        found["FOLIOT_AMQP_URL"] = _through(amqp_url, proxies.get("rabbitmq"))
    if service == "scheduler":
        found |= {"FOLIOT_ZOOKEEPER_HOSTS": zookeeper, "FOLIOT_ZOOKEEPER_ROOT": f"/foliot-{vhost}"}
    return found


def _through(url: str, proxy: Proxy | None) -> str:
    if proxy is None:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@{HOST}:{proxy.port}"))


def _variables(name: str, port: int) -> dict[str, str]:
    service = name.partition("-")[0]
    if service == "api":
        return {"FOLIOT_API_HOST": HOST, "FOLIOT_API_PORT": str(port)}
    common = {"FOLIOT_ADMIN_HOST": HOST, "FOLIOT_ADMIN_PORT": str(port), f"FOLIOT_{service.upper()}_ID": name}
    return common | ({"FOLIOT_WORKER_HTTP_ALLOW_NETWORKS": "127.0.0.0/8"} if service == "worker" else {})


def _more(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{name.partition('-')[0].upper()}__"
    return {key.removeprefix(prefix): value for key, value in environment.items() if key.startswith(prefix)}


def _definition(name: str, port: int, variables: dict[str, str]) -> Definition:
    return Definition(
        name=name,
        port=port,
        command=(sys.executable, "-m", f"foliot.{name.partition('-')[0]}"),
        environment=minimal_environment(**variables),
        probe=lambda: ask_readyz(port),
    )


async def _create_key(api: Server) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "foliot.api", "create-key", "--role", "admin", "--name", "test",
        env=dict(api.definition.environment), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def add_vhost(servers: Servers) -> str:
    """A new one, for the servers' user; gives its name."""
    vhost = f"test-{secrets.token_hex(4)}"
    user = servers.amqp_url.split("//")[1].split(":")[0]
    for arguments in (("add_vhost", vhost), ("set_permissions", "-p", vhost, user, ".*", ".*", ".*")):
        process = await asyncio.create_subprocess_exec(
            "/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", *arguments, env=servers.rabbitmqctl_environment
        )
        assert await process.wait() == 0
    return vhost
