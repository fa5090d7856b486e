"""Servers of one's own for a test, a benchmark or a simulation.

async with start_servers(directory) as servers:
    await asyncpg.connect(servers.database_url)
    await servers.rabbitmq.kill()
    await servers.rabbitmq.start()  # same port, same data

They die with the process that started them, however that ends.
"""

import asyncio
import contextlib
import fcntl
import secrets
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import ClusterError
from cluster.ports import choose, is_free
from cluster.postgres import Postgres
from cluster.rabbitmq import RabbitMQ
from cluster.replica import Replica
from cluster.server import Server
from cluster.zookeeper import ZooKeeper

PORTS = ("postgres", "replica", "rabbitmq", "epmd", "distribution", "zookeeper")
TRIES = 3


@dataclass(slots=True)
class Servers:
    """What was asked for; what was not is missing from `all`, and its name raises."""

    database_url: str
    replica_url: str
    amqp_url: str
    zookeeper_hosts: str
    rabbitmqctl_environment: dict[str, str]
    all: dict[str, Server] = field(default_factory=dict)

    @property
    def postgres(self) -> Server:
        return self.all["postgres"]

    @property
    def replica(self) -> Server:
        return self.all["replica"]

    @property
    def rabbitmq(self) -> Server:
        return self.all["rabbitmq"]

    @property
    def epmd(self) -> Server:
        return self.all["epmd"]

    @property
    def zookeeper(self) -> Server:
        return self.all["zookeeper"]


@contextlib.asynccontextmanager
async def start_servers(
    directory: Path,
    *,
    postgres: bool = True,
    replica: bool = False,
    rabbitmq: bool = True,
    zookeeper: bool = True,
    fsync: bool = True,
) -> AsyncIterator[Servers]:
    """New, empty servers below the directory. What an earlier run left there is removed; logs stay."""
    wanted = {"postgres": postgres or replica, "replica": replica, "zookeeper": zookeeper}
    wanted |= {"epmd": rabbitmq, "rabbitmq": rabbitmq}
    with _own(directory):
        servers, chains = await _start(directory, fsync, wanted)
        try:
            yield servers
        finally:
            await _together(map(_stop_in_reverse, chains))


async def _start(directory: Path, fsync: bool, wanted: Mapping[str, bool]) -> tuple[Servers, list[list[Server]]]:
    """Once more with other ports if somebody took one between its choice and its use."""
    taken: list[str] = []
    for _ in range(TRIES):
        servers, defined = _define(directory, fsync)
        chains = [[one for one in chain if wanted[one.name]] for chain in defined]
        servers.all = {one.name: one for chain in chains for one in chain}
        try:
            await _together(map(_start_in_order, chains))
        except BaseException as error:
            await _together(map(_stop_in_reverse, chains))
            _remove_data(directory)
            taken = [one.name for one in servers.all.values() if not is_free(one.port)]
            if not (taken and isinstance(error, ClusterError)):
                raise
        else:
            return servers, chains
    raise ClusterError(f"the ports of {', '.join(taken)} were taken {TRIES} times by others: try again")


def _define(directory: Path, fsync: bool) -> tuple[Servers, list[list[Server]]]:
    ports = choose(PORTS)
    password = secrets.token_hex(16)
    primary = Postgres(directory / "postgres", ports["postgres"], password, password, fsync)
    replica = Replica(directory / "replica", ports["replica"], primary)
    broker = RabbitMQ(directory / "rabbitmq", ports["rabbitmq"], ports["epmd"], ports["distribution"], password)
    keeper = ZooKeeper(directory / "zookeeper", ports["zookeeper"])
    servers = Servers(primary.url, replica.url, broker.url, keeper.hosts, broker.environment())
    chains = [
        [primary.definition(), replica.definition()],
        [*broker.definitions()],
        [keeper.definition()],
    ]
    log = directory / "log"
    return servers, [[Server(one, log / f"{one.name}.log") for one in chain] for chain in chains]


@contextlib.contextmanager
def _own(directory: Path) -> Iterator[None]:
    """The directory for us alone, empty but for logs; its data are removed at the end."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterError(f"{directory} is in use by another run: give each its own") from None
        _remove_data(directory)
        try:
            yield
        finally:
            _remove_data(directory)


def _remove_data(directory: Path) -> None:
    for name in ("postgres", "replica", "rabbitmq", "zookeeper"):
        shutil.rmtree(directory / name, ignore_errors=True)


async def _together(coroutines: Iterable[Coroutine[None, None, None]]) -> None:
    """All at once; the first failure ends the others and is the one that is told."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _start_in_order(chain: list[Server]) -> None:
    for server in chain:
        await server.start()


async def _stop_in_reverse(chain: list[Server]) -> None:
    for server in reversed(chain):
        await server.stop()
