"""Foliot's own processes."""

import sys
from dataclasses import dataclass

import msgspec

from cluster.definition import HOST, Definition, minimal_environment
from cluster.probes import get

SERVERS = ("postgres", "replica", "rabbitmq", "zookeeper")


@dataclass(frozen=True, slots=True)
class Addresses:
    """How services reach the servers: one URL a role of PostgreSQL."""

    api_database: str
    api_replica: str
    scheduler_database: str
    maintenance_database: str
    worker_database: str
    amqp: str
    zookeeper_hosts: str
    zookeeper_password: str
    datasources: str


def api(port: int, addresses: Addresses) -> Definition:
    return _service("api-1", port, api_environment(port, addresses))


def api_environment(port: int, addresses: Addresses) -> dict[str, str]:
    return minimal_environment(
        FOLIOT_DATABASE_URL=addresses.api_database,
        FOLIOT_DATABASE_REPLICA_URL=addresses.api_replica,
        FOLIOT_API_HOST=HOST,
        FOLIOT_API_PORT=str(port),
    )


def scheduler(name: str, port: int, addresses: Addresses) -> Definition:
    environment = minimal_environment(
        FOLIOT_SCHEDULER_ID=name,
        FOLIOT_DATABASE_URL=addresses.scheduler_database,
        FOLIOT_MAINTENANCE_DATABASE_URL=addresses.maintenance_database,
        FOLIOT_AMQP_URL=addresses.amqp,
        FOLIOT_ZOOKEEPER_HOSTS=addresses.zookeeper_hosts,
        FOLIOT_ZOOKEEPER_PASSWORD=addresses.zookeeper_password,
        FOLIOT_ADMIN_HOST=HOST,
        FOLIOT_ADMIN_PORT=str(port),
    )
    return _service(name, port, environment)


def worker(name: str, port: int, addresses: Addresses) -> Definition:
    environment = minimal_environment(
        FOLIOT_WORKER_ID=name,
        FOLIOT_DATABASE_URL=addresses.worker_database,
        FOLIOT_AMQP_URL=addresses.amqp,
        FOLIOT_ADMIN_HOST=HOST,
        FOLIOT_ADMIN_PORT=str(port),
        FOLIOT_WORKER_HTTP_ALLOW_NETWORKS="127.0.0.0/8,::1/128",
        FOLIOT_WORKER_DATASOURCES_FILE=addresses.datasources,
    )
    return _service(name, port, environment)


def command(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _service(name: str, port: int, environment: dict[str, str]) -> Definition:
    return Definition(
        name=name,
        port=port,
        command=command(f"foliot.{name.partition('-')[0]}"),
        environment=environment,
        probe=lambda: ask_readyz(port),
        needs=(*SERVERS, "migrate", "demo"),
    )


async def ask_readyz(port: int) -> str:
    return _role(await get(port, "/readyz"))


def _role(body: bytes) -> str:
    """What a scheduler says it is; nothing for the others."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return ""
    return str(answer.get("role", ""))
