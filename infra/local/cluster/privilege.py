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
ENTER = ("sh", "-c", 'cd "$0" && exec "$@"')
ENTER_MOUNTED = (
    *("unshare", "--mount", "--propagation", "private", "--"),
    *("sh", "-c", 'mount --bind "$0" /var/lib/postgresql && cd /var/lib/postgresql && exec "$@"'),
)
DROP = ("setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", "--no-new-privs")
NO_CAPABILITIES = ("--inh-caps=-all", "--bounding-set=-all")
CAPABILITY_SETS = ("inh-caps", "ambient-caps", "bounding-set")
PASS_FOLDERS = ("dac_read_search", "dac_override")  # a plain container has only the second
TRIAL = ("sh", "-c", 'test "$(id -u)" != 0 && : >"$PWD/.trial" && rm "$PWD/.trial"')


@dataclass(frozen=True, slots=True)
class Privilege:
    prefix: tuple[str, ...]  # runs a command inside the directory
    owner: int  # who must own the files


def _ways(directory: Path, account: pwd.struct_passwd) -> list[Privilege]:
    mapped = ("unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}", "--")
    passing = [[f"--{kind}=-all,+{name}" for kind in CAPABILITY_SETS] for name in PASS_FOLDERS]
    return [
        Privilege((*ENTER_MOUNTED, str(directory), *DROP, *NO_CAPABILITIES), account.pw_uid),
        Privilege((*ENTER, str(directory), *mapped), os.geteuid()),
        Privilege((*ENTER, str(directory), *DROP, *NO_CAPABILITIES), account.pw_uid),
        *(Privilege((*ENTER, str(directory), *DROP, *capability), account.pw_uid) for capability in passing),
    ]


def privilege_for(directory: Path) -> Privilege:
    """The way to run PostgreSQL in an existing directory. Each call hands the directory to its owner: it may have been
    removed and made again since the last one."""
    if os.geteuid() != 0:
        return Privilege((*ENTER, str(directory)), os.geteuid())
    way = _way_into(directory)
    shutil.chown(directory, way.owner)
    return way


@functools.cache
def _way_into(directory: Path) -> Privilege:
    """The first way that works. Each trial starts a process and hands the directory over, so the answer is kept."""
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ClusterError(f"there is no user {ACCOUNT}: make packages, or run as an ordinary user") from None
    for way in _ways(directory, account):
        shutil.chown(directory, way.owner)
        if subprocess.run([*way.prefix, *TRIAL], cwd="/", capture_output=True, check=False).returncode == 0:
            return way
    raise ClusterError(
        f"PostgreSQL does not run as root and user {ACCOUNT} cannot reach {directory}: run as an ordinary "
        "user, or set FOLIOT_LOCAL_DIR to a folder below which everybody may go"
    )


def hand_over(directory: Path, owner: int) -> None:
    """Give a data directory to its owner: the way may be another than last time."""
    if os.geteuid() != 0 or directory.stat().st_uid == owner:
        return
    for folder, _, files in os.walk(directory):
        for name in (".", *files):
            os.chown(Path(folder, name), owner, -1, follow_symlinks=False)
