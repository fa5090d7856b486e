"""PostgreSQL refuses to run as root: the ways to run it as somebody else, even below a folder that is root's.

Any of them may be missing in a container, so each is tried before it is used.
"""

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError

ACCOUNT = "postgres"
MOUNT_POINT = Path("/var/lib/postgresql")
TRIAL = 'test "$(id -u)" != 0 && : >"$0/.trial" && rm "$0/.trial"'

DROP = ("setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", "--no-new-privs")
MOUNT_AND_DROP = f'mount --bind "$0" {MOUNT_POINT} && exec "$@"'


@dataclass(frozen=True, slots=True)
class Privilege:
    prefix: tuple[str, ...]
    seen_at: Path  # where the command finds the directory
    owner: int  # who owns the files


def _ways(directory: Path, account: pwd.struct_passwd) -> list[Privilege]:
    mounted = (
        *("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", MOUNT_AND_DROP),
        *(str(directory), *DROP, "--inh-caps=-all", "--bounding-set=-all"),
    )
    mapped = ("unshare", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}", "--")
    searching = tuple(
        f"--{kind}=-all,+{name}"
        for name in ("dac_read_search",)
        for kind in ("inh-caps", "ambient-caps", "bounding-set")
    )
    return [
        Privilege(mounted, MOUNT_POINT, account.pw_uid),
        Privilege(mapped, directory, os.geteuid()),
        Privilege((*DROP, *searching), directory, account.pw_uid),
        Privilege((*DROP, "--inh-caps=-all", "--bounding-set=-all"), directory, account.pw_uid),
    ]


@functools.cache
def privilege_for(directory: Path) -> Privilege:
    """How to run PostgreSQL on an existing directory. Hands the directory to whom it will belong."""
    if os.geteuid() != 0:
        return Privilege((), directory, os.geteuid())
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ClusterError(f"there is no user {ACCOUNT}: make packages, or run as an ordinary user") from None
    for way in _ways(directory, account):
        if _works(way, directory):
            return way
    raise ClusterError(
        f"PostgreSQL does not run as root and {directory} cannot be handed to user {ACCOUNT} here: "
        "run as an ordinary user, or set FOLIOT_LOCAL_DIR to a folder that everybody may enter"
    )


def _works(way: Privilege, directory: Path) -> bool:
    shutil.chown(directory, way.owner)
    trial = [*way.prefix, "sh", "-c", TRIAL, str(way.seen_at)]
    return subprocess.run(trial, cwd="/", capture_output=True, check=False).returncode == 0


def hand_over(directory: Path, owner: int) -> None:
    """Give a data directory to its owner: the way may be another than last time."""
    if os.geteuid() != 0 or directory.stat().st_uid == owner:
        return
    for folder, _, files in os.walk(directory):
        for name in (".", *files):
            os.chown(Path(folder, name), owner, -1, follow_symlinks=False)
