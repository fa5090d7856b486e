"""Prometheus, which scrapes every process of Foliot and raises its alerts."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster import files
from cluster.definition import HOST, Definition, minimal_environment
from cluster.errors import ClusterError
from cluster.probes import ask_http
from monitoring import alerting

CONFIGURATION = """\
global:
  scrape_interval: {interval}
  evaluation_interval: {interval}
  external_labels: {{cluster: local}}
rule_files: [{rules}]
alerting:
  alertmanagers:
    - static_configs: [targets: ["{host}:{alertmanager_port}"]]
scrape_configs:
"""
JOB = """\
  - job_name: {job}
    static_configs: [targets: [{targets}]]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """`targets`: addresses by job; `settings` of the alerts."""

    directory: Path
    port: int
    alertmanager_port: int
    targets: Mapping[str, Sequence[str]]
    settings: alerting.Settings
    interval: str = "5s"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def definition(self) -> Definition:
        binary = shutil.which("prometheus")
        if binary is None:
            raise ClusterError("Prometheus is not installed: make packages")
        return Definition(
            name="prometheus",
            port=self.port,
            command=(
                binary,
                f"--config.file={self.directory / 'prometheus.yml'}",
                f"--web.listen-address={HOST}:{self.port}",
                f"--storage.tsdb.path={self.directory / 'data'}",
                *("--storage.tsdb.retention.time=7d", "--storage.tsdb.retention.size=512MB"),
                "--rules.alert.resend-delay=5s",  # the first try may come before it knows Alertmanager
                "--log.level=warn",
            ),
            environment=minimal_environment(CONFIGURED=_digest(self._configuration(), self._rules())),
            prepare=self.prepare,
            probe=lambda: ask_http(self.port, "/-/ready"),
        )

    async def prepare(self, _log: Path) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(self.directory / "rules.yml", self._rules())
        files.write(self.directory / "prometheus.yml", self._configuration())

    def _rules(self) -> str:
        return alerting.rules(self.settings)

    def _configuration(self) -> str:
        own = {"prometheus": [f"{HOST}:{self.port}"], "alertmanager": [f"{HOST}:{self.alertmanager_port}"]}
        head = CONFIGURATION.format(
            interval=self.interval, rules="rules.yml", host=HOST, alertmanager_port=self.alertmanager_port
        )
        return head + "".join(
            JOB.format(job=job, targets=", ".join(f'"{target}"' for target in targets))
            for job, targets in {**self.targets, **own}.items()
        )


def _digest(*texts: str) -> str:
    """What it was started with: another one means another process."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
