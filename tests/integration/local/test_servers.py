"""The servers that other tests stand on: started, killed, stalled and started again for real."""

import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import aiormq
import asyncpg
import pytest

from cluster.errors import ClusterError
from cluster.pids import identify
from cluster.ports import choose
from cluster.probes import converse
from cluster.servers import PORTS, Servers, start_servers


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    # A space, a letter beyond ASCII: a checkout may lie anywhere.
    directory = tmp_path_factory.mktemp("a fólder", numbered=False)
    async with start_servers(directory, replica=True, fsync=False) as servers:
        yield servers


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_primary_keeps_what_it_committed_when_it_is_killed(servers: Servers) -> None:
    await ask(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS one")
    await servers.postgres.kill()
    await servers.postgres.start()
    assert await ask(servers.database_url, "SELECT one FROM kept") == 1


async def test_replica_streams(servers: Servers) -> None:
    assert await ask(servers.replica_url, "SELECT pg_is_in_recovery()")
    await servers.replica.restart()
    assert await servers.replica.definition.probe() == ""


async def test_replica_is_copied_anew_when_the_primary_has_dropped_its_wal(servers: Servers) -> None:
    await servers.replica.stop()
    await ask(servers.database_url, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    await ask(servers.database_url, "SELECT pg_reload_conf()")
    for _ in range(4):
        await ask(servers.database_url, "SELECT pg_switch_wal() FROM pg_logical_emit_message(false, '', 'x')")
    await ask(servers.database_url, "CHECKPOINT")
    assert await ask(servers.database_url, "SELECT wal_status FROM pg_replication_slots") == "lost"
    await servers.replica.start()
    assert await ask(servers.replica_url, "SELECT pg_is_in_recovery()")
    await ask(servers.database_url, "ALTER SYSTEM RESET ALL")


async def test_durable_settings(servers: Servers) -> None:
    assert await ask(servers.database_url, "SHOW synchronous_commit") == "on"
    assert await ask(servers.database_url, "SHOW timezone") == "UTC"
    assert await ask(servers.database_url, "SHOW fsync") == "off", "asked for by this module"


async def test_rabbitmq_is_the_process_whose_pid_we_hold(servers: Servers) -> None:
    directory = Path(servers.rabbitmqctl_environment["HOME"])
    assert int((directory / "node.pid").read_text()) == servers.rabbitmq.pid
    connection = await aiormq.connect(servers.amqp_url)
    await connection.close()


async def test_zookeeper_grants_sessions_of_six_seconds_in_steps_of_half_a_second(servers: Servers) -> None:
    request = struct.pack(">iqiq", 0, 0, 6_000, 0) + struct.pack(">i16x", 16)
    answer = await converse(servers.zookeeper.port, struct.pack(">i", len(request)) + request)
    assert struct.unpack(">iii", answer[:12])[2] == 6_000


@pytest.mark.parametrize("name", ["epmd", "rabbitmq", "zookeeper"])
async def test_killed_server_starts_again(servers: Servers, name: str) -> None:
    server = servers.all[name]
    before = server.pid
    await server.kill()
    assert identify(before) is None
    await server.start()
    assert server.pid != before


async def test_paused_server_answers_when_it_is_resumed(servers: Servers) -> None:
    servers.postgres.pause()
    servers.postgres.resume()
    assert await ask(servers.database_url, "SELECT 1") == 1


async def test_everything_listens_on_loopback_only(servers: Servers) -> None:
    ports = {server.port for server in servers.all.values()}
    ports.add(int(servers.rabbitmqctl_environment["RABBITMQ_DIST_PORT"]))
    listening = [line.split() for name in ("tcp", "tcp6") for line in _sockets(name)]
    addresses = {
        fields[1].rpartition(":")[0]
        for fields in listening
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) in ports
    }
    assert addresses <= {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def _sockets(name: str) -> list[str]:
    table = Path("/proc/net", name)
    return table.read_text().splitlines()[1:] if table.exists() else []


async def test_a_directory_serves_one_run_at_a_time(servers: Servers) -> None:
    directory = servers.postgres.log.parent.parent
    with pytest.raises(ClusterError, match="in use by another run"):
        async with start_servers(directory, rabbitmq=False):
            pass
    assert identify(servers.postgres.pid) is not None


async def test_port_that_somebody_took_before_its_server_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = [choose(PORTS), choose(PORTS)]
    monkeypatch.setattr("cluster.servers.choose", lambda _names: choices.pop(0))
    stolen = choices[0]["zookeeper"]
    with socket.create_server(("127.0.0.1", stolen)):
        async with start_servers(tmp_path, postgres=False, rabbitmq=False) as servers:
            assert servers.zookeeper.port != stolen
            assert servers.zookeeper.running
    assert not choices
