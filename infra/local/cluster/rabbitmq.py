"""RabbitMQ, and epmd, which it needs to name itself."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import aiormq

from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError, NotReady
from cluster.probes import converse

# Not the one in PATH: Debian wraps that in `su rabbitmq`.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER = "foliot"
NAMES_REQUEST = b"\x00\x01n"
LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}"
NO_BUSY_WAITING = "+sbwt none +sbwtdcpu none +sbwtdio none"

CONFIGURATION = """\
listeners.tcp.1 = {host}:{port}
default_user = {user}
default_pass = {password}
log.file = false
log.console = true
log.console.use_colors = off
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 500MB
"""


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    directory: Path
    port: int
    epmd_port: int
    distribution_port: int
    password: str

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{self.password}@{HOST}:{self.port}/%2F"

    def definitions(self) -> tuple[Definition, Definition]:
        if not SERVER.exists():
            raise ClusterError("RabbitMQ is not installed: make packages")
        epmd = Definition(
            name="epmd",
            port=self.epmd_port,
            command=("epmd",),
            environment=self.environment(),
            probe=self.probe_epmd,
        )
        server = Definition(
            name="rabbitmq",
            port=self.port,
            command=(str(SERVER),),
            environment=self.environment(),
            prepare=self.prepare,
            probe=self.probe,
            needs=("epmd",),
        )
        return epmd, server

    def environment(self) -> dict[str, str]:
        """Also what `rabbitmqctl` from the same folder needs to reach the server."""
        return minimal_environment(
            HOME=str(self.directory),  # the cookie lies there
            ERL_CRASH_DUMP="/dev/null",
            ERL_EPMD_ADDRESS=HOST,
            ERL_EPMD_PORT=str(self.epmd_port),
            RUNNING_UNDER_SYSTEMD="true",  # the script becomes the server instead of waiting for it
            RABBITMQ_NODENAME=f"{USER}@localhost",  # whatever the host is called
            RABBITMQ_DIST_PORT=str(self.distribution_port),
            RABBITMQ_CONF_ENV_FILE=str(self.directory / "none"),
            RABBITMQ_CONFIG_FILE=str(self.directory / "rabbitmq.conf"),
            RABBITMQ_ADVANCED_CONFIG_FILE=str(self.directory / "advanced.config"),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(self.directory / "enabled_plugins"),
            RABBITMQ_MNESIA_BASE=str(self.directory / "mnesia"),
            RABBITMQ_LOG_BASE=str(self.directory / "log"),
            RABBITMQ_PID_FILE=str(self.directory / "node.pid"),
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=f"{LOOPBACK_ONLY} {NO_BUSY_WAITING}",
            RABBITMQ_CTL_ERL_ARGS=LOOPBACK_ONLY,
        )

    @property
    def _complete(self) -> Path:
        return self.directory / "complete"

    async def prepare(self, _log: Path) -> None:
        """A first start that was cut short leaves a node without our user: it begins again from nothing."""
        try:
            await self.probe_epmd()
        except OSError:  # RabbitMQ would start one itself, which outlives it and is nobody's
            raise NotReady("epmd does not listen") from None
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._complete.exists():
            shutil.rmtree(self.directory / "mnesia", ignore_errors=True)
        settings = CONFIGURATION.format(host=HOST, port=self.port, user=USER, password=self.password)
        (self.directory / "rabbitmq.conf").write_text(settings)
        (self.directory / "advanced.config").write_text("[].\n")  # an empty file ends the boot
        (self.directory / "enabled_plugins").write_text("[].\n")

    async def probe_epmd(self) -> str:
        await converse(self.epmd_port, NAMES_REQUEST)
        return ""

    async def probe(self) -> str:
        await converse(self.port)  # refused while it boots: no need for a client yet
        # In a task of its own: aiormq cancels the task it runs in when the server goes away.
        [outcome] = await asyncio.gather(self._log_in(), return_exceptions=True)
        if outcome is not None:
            raise NotReady(f"login failed: {outcome or type(outcome).__name__}")
        self._complete.touch()
        return ""

    async def _log_in(self) -> None:
        connection = await aiormq.connect(self.url)
        await connection.close()
