"""Foliot's own processes."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from cluster.definition import HOST, Definition, minimal_environment, service_of
from cluster.passed_on import number
from cluster.probes import get

SERVERS = ("postgres", "replica", "rabbitmq", "zookeeper")
LOOPBACK = "127.0.0.0/8,::1/128"
ALLOWED_NETWORKS = "FOLIOT_WORKER_HTTP_ALLOW_NETWORKS"
STOP_GRACE = "FOLIOT_WORKER_STOP_GRACE_SECONDS"
AFTER_STOP_GRACE = 16.0  # what a worker needs beyond it: 10 s from TERM to KILL, then its records
NOTHING: Mapping[str, str] = MappingProxyType({})


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


def api(port: int, addresses: Addresses, settings: Mapping[str, str] = NOTHING) -> Definition:
    return _service("api-1", port, {**settings, **api_environment(port, addresses)})


def api_environment(port: int, addresses: Addresses) -> dict[str, str]:
    return minimal_environment(
        FOLIOT_DATABASE_URL=addresses.api_database,
        FOLIOT_DATABASE_REPLICA_URL=addresses.api_replica,
        FOLIOT_API_HOST=HOST,
        FOLIOT_API_PORT=str(port),
    )


def scheduler(name: str, port: int, addresses: Addresses, settings: Mapping[str, str] = NOTHING) -> Definition:
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
    return _service(name, port, {**settings, **environment})


def worker(name: str, port: int, addresses: Addresses, settings: Mapping[str, str] = NOTHING) -> Definition:
    """Its jobs may reach loopback, whatever else they may: the proof asks the API."""
    networks = settings.get(ALLOWED_NETWORKS)
    environment = minimal_environment(
        FOLIOT_WORKER_ID=name,
        FOLIOT_DATABASE_URL=addresses.worker_database,
        FOLIOT_AMQP_URL=addresses.amqp,
        FOLIOT_ADMIN_HOST=HOST,
        FOLIOT_ADMIN_PORT=str(port),
        FOLIOT_WORKER_HTTP_ALLOW_NETWORKS=f"{LOOPBACK},{networks}" if networks else LOOPBACK,
        FOLIOT_WORKER_DATASOURCES_FILE=addresses.datasources,
    )
    return _service(name, port, {**settings, **environment}, grace=number(STOP_GRACE, settings) + AFTER_STOP_GRACE)


def command(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _service(name: str, port: int, environment: Mapping[str, str], grace: float = 30.0) -> Definition:
    return Definition(
        name=name,
        port=port,
        command=command(f"foliot.{service_of(name)}"),
        environment=environment,
        probe=lambda: ask_readyz(port),
        needs=(*SERVERS, "migrate", "demo"),
        grace=grace,
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
