"""The streaming replica of the primary."""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from cluster.command import run
from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import NotReady
from cluster.postgres import (
    OWNER,
    REPLICATOR,
    Postgres,
    binary,
    forget_dead_postmaster,
    query,
    url,
    write_configuration,
)
from cluster.privilege import hand_over, privilege_for

SLOT = "replica"
ENSURE_SLOT = """
    SELECT pg_create_physical_replication_slot($1::name, true)
    WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1::name)"""
DROP_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1::name"
SLOT_LOST = "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = $1::name"
STREAMING = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'"


@dataclass(frozen=True, slots=True)
class Replica:
    directory: Path
    port: int
    primary: Postgres

    @property
    def url(self) -> str:
        return url(self.port, OWNER, self.primary.password)

    def definition(self) -> Definition:
        return Definition(
            name="replica",
            port=self.port,
            command=(binary("postgres"), "-D", "data"),
            wrap=lambda: privilege_for(self.directory).prefix,
            environment=minimal_environment(),
            prepare=self.prepare,
            probe=self.probe,
            needs=("postgres",),
            stop_signal=signal.SIGINT,
        )

    async def prepare(self, log: Path) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        privilege = privilege_for(self.directory)
        data = self.directory / "data"
        if not data.exists() or await self._left_behind():
            await self._copy_primary(privilege.prefix, log)
            (self.directory / "data.new" / "standby.signal").touch()
            shutil.rmtree(data, ignore_errors=True)
            (self.directory / "data.new").rename(data)
        write_configuration(data, self.port, self.primary.fsync, self._upstream())
        hand_over(data, privilege.owner)
        forget_dead_postmaster(data)

    async def _left_behind(self) -> bool:
        """Whether the primary no longer has the WAL that our copy needs next."""
        try:
            return await query(self.primary.url, SLOT_LOST, SLOT) is True
        except (NotReady, OSError):
            return False

    async def _copy_primary(self, wrap: tuple[str, ...], log: Path) -> None:
        shutil.rmtree(self.directory / "data.new", ignore_errors=True)
        if await self._left_behind():
            await query(self.primary.url, DROP_SLOT, SLOT)
        await query(self.primary.url, ENSURE_SLOT, SLOT)
        await run(
            (
                *(binary("pg_basebackup"), "-D", "data.new", "-d", self._primary()),
                *("-X", "stream", "-S", SLOT, "-c", "fast"),
                *(() if self.primary.fsync else ("--no-sync",)),
            ),
            log,
            wrap=wrap,
        )

    def _primary(self) -> str:
        port, password = self.primary.port, self.primary.replicator_password
        return f"host={HOST} port={port} user={REPLICATOR} password={password} application_name={SLOT}"

    def _upstream(self) -> str:
        """Written before each start: the primary may have got another port."""
        return f"primary_conninfo = '{self._primary()}'\nprimary_slot_name = '{SLOT}'\n"

    async def probe(self) -> str:
        if not await query(self.url, STREAMING):
            raise NotReady("serves, but does not stream from the primary")
        return ""
