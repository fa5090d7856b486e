"""Where the local cluster keeps its things."""

import contextlib
import os
import shutil
from pathlib import Path

from cluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[3]
MARKER = ".foliot-local-cluster"
LEAST_FREE = 1 << 30


class Layout:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs = directory / "log"
        self.state = directory / "state.json"
        self.settings = directory / "settings.json"
        self.ports = directory / "ports.json"
        self.passwords = directory / "passwords.json"
        self.datasources = directory / "datasources.json"
        self.admin_key = directory / "admin-api-key"
        self.env = directory / "env"
        self.supervisor_log = self.logs / "supervisor.log"
        self.supervisor_lock = directory / "supervisor.lock"
        self.command_lock = directory / "command.lock"

    @classmethod
    def from_environment(cls) -> "Layout":
        chosen = os.environ.get("FOLIOT_LOCAL_DIR")
        return cls(Path(chosen).absolute() if chosen else REPOSITORY / ".local")

    @property
    def exists(self) -> bool:
        return (self.directory / MARKER).exists()

    def create(self) -> None:
        """Ours from now on. A directory with somebody else's things in it is refused."""
        if not self.exists:
            occupied = self.directory.exists() and set(self.directory.iterdir()) - {self.command_lock}
            if occupied and self.directory != REPOSITORY / ".local":
                raise ClusterError(f"{self.directory} is not empty: set FOLIOT_LOCAL_DIR to a new folder")
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.directory / MARKER).touch()
        self.directory.chmod(0o700)
        self.logs.mkdir(mode=0o700, exist_ok=True)
        free = shutil.disk_usage(self.directory).free
        if free < LEAST_FREE:
            raise ClusterError(
                f"only {free / (1 << 30):.1f} GB are free for {self.directory}, the cluster needs 1 GB: "
                "free some, or set FOLIOT_LOCAL_DIR to a folder on another disk"
            )

    def remove(self) -> None:
        """All of it. Marker and lock last, so that an interrupted removal can go on."""
        last = (self.directory / MARKER, self.command_lock)
        for entry in set(self.directory.iterdir()) - set(last):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        for entry in last:
            entry.unlink()
        with contextlib.suppress(OSError):  # a mount point or somebody's symbolic link
            self.directory.rmdir()
