"""What a cluster remembers between starts: its size, the settings of its services, its ports, its passwords."""

import secrets
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from cluster import files, passed_on
from cluster.errors import ClusterError
from cluster.ports import choose, is_free

SERVER_PORTS = ("postgres", "replica", "rabbitmq", "epmd", "distribution", "zookeeper", "prometheus", "alertmanager")
ROLES = ("foliot_api", "foliot_scheduler", "foliot_worker", "foliot_maintenance")
PASSWORDS = ("owner", "replicator", "rabbitmq", "zookeeper", "foliot_demo", *ROLES)
MOST = 50


class Settings(msgspec.Struct, frozen=True):
    """`services`: the FOLIOT_* that were given, by variable."""

    api_port: int = 8080
    schedulers: int = 2
    workers: int = 2
    services: dict[str, str] = {}

    @classmethod
    def read(cls, path: Path) -> "Settings":
        return msgspec.json.decode(path.read_bytes(), type=cls) if path.exists() else cls()

    def changed_by(self, environment: Mapping[str, str]) -> "Settings":
        """What is not named stays as it was."""
        return Settings(
            api_port=_number(environment, "API_PORT", self.api_port, range(1, 65_536)),
            schedulers=_number(environment, "SCHEDULERS", self.schedulers, range(1, MOST + 1)),
            workers=_number(environment, "WORKERS", self.workers, range(1, MOST + 1)),
            services=passed_on.changed_by(self.services, environment),
        )

    def write(self, path: Path) -> None:
        files.write(path, msgspec.json.encode(self))

    @property
    def scheduler_names(self) -> list[str]:
        return [f"scheduler-{number + 1}" for number in range(self.schedulers)]

    @property
    def worker_names(self) -> list[str]:
        return [f"worker-{number + 1}" for number in range(self.workers)]


def _number(environment: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) not in allowed:
        raise ClusterError(f"{name}={text} is not a number from {allowed.start} to {allowed.stop - 1}")
    return int(text)


def check_api_port(port: int) -> None:
    if is_free(port):
        return
    other = next(candidate for candidate in range(port + 1, port + 1000) if is_free(candidate))
    raise ClusterError(f"port {port} is in use: make up API_PORT={other}")


def settle_ports(path: Path, names: Collection[str], ours: Collection[str]) -> None:
    """Remember a port for each name. `ours` run and keep theirs; others lose one that somebody took."""
    remembered = read_ports(path)
    kept = {name: port for name, port in remembered.items() if name in ours}
    others = [name for name in names if name not in kept]
    files.write(path, msgspec.json.encode(remembered | choose(others, remembered, set(kept.values())) | kept))


def read_ports(path: Path) -> dict[str, int]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.exists() else {}


def settle_passwords(path: Path) -> None:
    """Made once; a new version of ours may need one more."""
    known = read_passwords(path)
    if missing := [name for name in PASSWORDS if name not in known]:
        files.write(path, msgspec.json.encode(known | {name: secrets.token_hex(16) for name in missing}))


def read_passwords(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
