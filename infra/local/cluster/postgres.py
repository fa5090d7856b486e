"""The PostgreSQL primary."""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from cluster.command import run
from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError, NotReady
from cluster.pids import identify
from cluster.privilege import hand_over, privilege_for

OWNER = DATABASE = "foliot"
REPLICATOR = "replicator"
NO_SUCH_PID = 1 << 22  # Linux's limit for pids

CONFIGURATION = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''  # a path to a socket ends at 107 bytes
max_connections = 200
shared_buffers = 256MB
min_wal_size = 1GB  # recycled, not made anew: making one is 16 MB of zeros and their fsync, and no commit meanwhile
max_wal_size = 4GB
fsync = {fsync}
synchronous_commit = on
wal_level = replica
max_wal_senders = 5
max_replication_slots = 5
max_slot_wal_keep_size = 1GB  # a replica that is gone must not fill the disk
hot_standby = on
hot_standby_feedback = on
wal_retrieve_retry_interval = 500ms
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = stderr
logging_collector = off
log_line_prefix = '%m [%p] %q%u@%d '
"""
ACCESS = """\
host demo foliot_demo 127.0.0.1/32 scram-sha-256
host all foliot_demo 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    directory: Path
    port: int
    password: str
    replicator_password: str
    fsync: bool = True

    @property
    def url(self) -> str:
        return url(self.port, OWNER, self.password)

    def definition(self) -> Definition:
        return Definition(
            name="postgres",
            port=self.port,
            command=(binary("postgres"), "-D", "data"),
            wrap=lambda: privilege_for(self.directory).prefix,
            environment=minimal_environment(),
            prepare=self.prepare,
            probe=self.probe,
            stop_signal=signal.SIGINT,  # fast shutdown
        )

    async def prepare(self, log: Path) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        privilege = privilege_for(self.directory)
        data = self.directory / "data"
        if not data.exists():
            await self._create(privilege.prefix, log)
            (self.directory / "data.new").rename(data)
        write_configuration(data, self.port, self.fsync)
        hand_over(data, privilege.owner)
        forget_dead_postmaster(data)

    async def _create(self, wrap: tuple[str, ...], log: Path) -> None:
        """Complete or not at all: it is renamed to `data` when it holds all that is needed."""
        shutil.rmtree(self.directory / "data.new", ignore_errors=True)
        sync = () if self.fsync else ("--no-sync",)
        initdb = (
            binary("initdb"),
            "-D",
            "data.new",
            "-U",
            OWNER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
        )
        await run((*initdb, *sync), log, wrap=wrap)
        single = (binary("postgres"), "--single", "-c", "exit_on_error=on", "-D", "data.new", "postgres")
        await run(single, log, wrap=wrap, text=self._first_statements())

    def _first_statements(self) -> str:
        return (
            f"ALTER ROLE {OWNER} PASSWORD '{self.password}'\n"
            f"CREATE ROLE {REPLICATOR} REPLICATION LOGIN PASSWORD '{self.replicator_password}'\n"
            f"CREATE DATABASE {DATABASE}\n"
        )

    async def probe(self) -> str:
        await query(self.url, "SELECT 1")
        return ""


def url(port: int, user: str, password: str, database: str = DATABASE) -> str:
    return f"postgresql://{user}:{password}@{HOST}:{port}/{database}"


async def query(dsn: str, statement: str, *arguments: object) -> object:
    """One value, over a connection of its own; NotReady if the server does not answer queries."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except asyncpg.PostgresError as error:
        raise NotReady(str(error)) from None
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close(timeout=5)


def binary(name: str) -> str:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(versions, key=lambda path: float(path.parent.name))
    program = shutil.which(name, path=str(found[-1])) if found else shutil.which(name)
    if program is None:
        raise ClusterError(f"PostgreSQL is not installed (no {name}): make packages")
    return program


def write_configuration(data: Path, port: int, fsync: bool, more: str = "") -> None:
    settings = CONFIGURATION.format(host=HOST, port=port, fsync="on" if fsync else "off")
    (data / "postgresql.conf").write_text(settings + more)
    (data / "pg_hba.conf").write_text(ACCESS)


def forget_dead_postmaster(data: Path) -> None:
    """PostgreSQL takes a zombie for a living postmaster, and refuses to start until it is reaped.

    The rest of the file stays: by it PostgreSQL finds backends of the dead one that still write.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid, *rest = lock.read_text().splitlines() or [""]
    if not pid.isdigit():
        lock.unlink()
    elif identify(int(pid)) is None:
        lock.write_text("\n".join((str(NO_SUCH_PID + 1), *rest, "")))
