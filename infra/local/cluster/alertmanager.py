"""Alertmanager, which carries alerts to people."""

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from cluster import files
from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError
from cluster.probes import ask_http
from monitoring import alerting


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """`keys`: a folder that may hold the files pagerduty-key and slack-webhook."""

    directory: Path
    port: int
    keys: Path
    settings: alerting.Settings

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def definition(self) -> Definition:
        binary = shutil.which("prometheus-alertmanager")
        if binary is None:
            raise ClusterError("Alertmanager is not installed: make packages")
        return Definition(
            name="alertmanager",
            port=self.port,
            command=(
                binary,
                f"--config.file={self.directory / 'alertmanager.yml'}",
                f"--web.listen-address={HOST}:{self.port}",
                f"--storage.path={self.directory / 'data'}",
                "--cluster.listen-address=",  # alone, else it would listen on all interfaces
                "--log.level=warn",
            ),
            environment=minimal_environment(CONFIGURED=hashlib.sha256(self.configuration().encode()).hexdigest()[:16]),
            prepare=self.prepare,
            probe=lambda: ask_http(self.port, "/-/ready"),
        )

    async def prepare(self, _log: Path) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(self.directory / "alertmanager.yml", self.configuration())

    def configuration(self) -> str:
        """The routes of production; a receiver whose key is not there keeps its name and notifies nobody."""
        text = alerting.routing({**self.settings, "keys": str(self.keys)})
        routes, _, receivers = text.partition("\nreceivers:\n")
        kept = []
        for receiver in re.split(r"^(?=  - name: )", receivers, flags=re.MULTILINE)[1:]:
            name = receiver.partition("\n")[0]
            key = {"pagerduty": "pagerduty-key", "slack": "slack-webhook"}.get(name.split()[2])
            kept.append(receiver if key is None or (self.keys / key).exists() else f"{name}\n")
        return f"{routes}\nreceivers:\n{''.join(kept)}"
