"""ZooKeeper, a single server."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError, NotReady
from cluster.probes import converse

JARS = (Path("/usr/share/java/zookeeper.jar"), Path("/usr/share/java/slf4j-simple.jar"))
MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
SMALL = ("-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")

# tickTime: sessions end in steps of it, and a session of 6 s is to end after 6 s.
# admin.enableServer: it would listen on 8080, on all interfaces.
CONFIGURATION = """\
dataDir={data}
clientPort={port}
clientPortAddress={host}
tickTime=500
admin.enableServer=false
4lw.commands.whitelist=srvr,ruok,mntr
maxClientCnxns=0
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
"""


@dataclass(frozen=True, slots=True)
class ZooKeeper:
    directory: Path
    port: int

    @property
    def hosts(self) -> str:
        return f"{HOST}:{self.port}"

    def definition(self) -> Definition:
        java = shutil.which("java")
        if java is None or not all(jar.exists() for jar in JARS):
            raise ClusterError("ZooKeeper is not installed: make packages")
        return Definition(
            name="zookeeper",
            port=self.port,
            command=(
                *(java, *SMALL, "-Djava.net.preferIPv4Stack=true"),
                *("-cp", ":".join(map(str, JARS)), "-Dorg.slf4j.simpleLogger.logFile=System.out"),
                *(MAIN, str(self.directory / "zoo.cfg")),
            ),
            environment=minimal_environment(),
            prepare=self.prepare,
            probe=self.probe,
        )

    async def prepare(self, _log: Path) -> None:
        data = self.directory / "data"
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = CONFIGURATION.format(data=data, port=self.port, host=HOST)
        (self.directory / "zoo.cfg").write_text(settings)

    async def probe(self) -> str:
        answer = await converse(self.port, b"ruok")
        if answer != b"imok":
            raise NotReady(f"answers {answer.decode(errors='replace')!r}")
        return ""
