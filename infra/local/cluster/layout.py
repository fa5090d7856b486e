"""Where the local cluster keeps its things."""

import contextlib
import os
import shutil
from pathlib import Path

from cluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT = REPOSITORY / ".local"
MARKER = ".foliot-local-cluster"
LEAST_FREE = 1 << 30
SERVERS = ("postgres", "replica", "rabbitmq", "zookeeper", "prometheus", "alertmanager")


class Layout:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.marker = directory / MARKER
        self.logs = directory / "log"
        self.state = directory / "state.json"
        self.settings = directory / "settings.json"
        self.ports = directory / "ports.json"
        self.passwords = directory / "passwords.json"
        self.datasources = directory / "datasources.json"
        self.admin_key = directory / "admin-api-key"
        self.env = directory / "env"
        self.context = directory / "context.toml"  # of the command line
        self.keys = directory / "keys"  # of PagerDuty and Slack: the user's
        self.supervisor_lock = directory / "supervisor.lock"
        self.command_lock = directory / "command.lock"

    @classmethod
    def from_environment(cls) -> "Layout":
        chosen = os.environ.get("FOLIOT_LOCAL_DIR")
        return cls(Path(chosen).absolute() if chosen else DEFAULT)

    @property
    def exists(self) -> bool:
        return self.marker.exists()

    @property
    def supervisor_log(self) -> Path:
        return self.log("supervisor")

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Ours from now on. A folder that was chosen must be new; in the default one others may keep things too."""
        if not self.exists:
            occupied = self.directory.exists() and set(self.directory.iterdir()) - {self.command_lock}
            if occupied and self.directory != DEFAULT:
                raise ClusterError(f"{self.directory} is not empty: set FOLIOT_LOCAL_DIR to a new folder")
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.marker.touch()
        self.directory.chmod(0o700)
        self.logs.mkdir(mode=0o700, exist_ok=True)
        free = shutil.disk_usage(self.directory).free
        if free < LEAST_FREE:
            raise ClusterError(
                f"only {free / (1 << 30):.1f} GB are free for {self.directory}, the cluster needs 1 GB: "
                "free some, or set FOLIOT_LOCAL_DIR to a folder on another disk"
            )

    def remove(self) -> list[str]:
        """What is ours, and the directory if that was all; gives what others keep there."""
        for folder in (self.logs, *(self.directory / name for name in SERVERS)):
            shutil.rmtree(folder, ignore_errors=not folder.exists())
        made = (self.state, self.settings, self.ports, self.passwords, self.datasources)
        files = (*made, self.admin_key, self.env, self.context)
        # Marker and lock last, so that an interrupted removal can go on.
        for file in (*files, self.supervisor_lock, self.marker, self.command_lock):
            file.unlink(missing_ok=True)
            file.with_name(f"{file.name}.new").unlink(missing_ok=True)
        if others := sorted(path.name for path in self.directory.iterdir()):
            return others
        with contextlib.suppress(OSError):  # a mount point or a symbolic link
            self.directory.rmdir()
        return []
