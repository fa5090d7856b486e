"""What a script leaves beside its working directory, and how deep it nests what it leaves in it."""

import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foliot.worker.executors.sandbox import Sandbox, UidRange
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.executors.supervisor import uids
from foliot.worker.executors.supervisor.linux import now
from foliot.worker.executors.supervisor.places import PLACES
from foliot.worker.executors.supervisor.removals import remove_tree
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.processes import until
from integration.executors.scripts import executing

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="user ids can only be changed by root")

DEEP = """#!/usr/bin/env python3
import os
print(os.getcwd())
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
open("file", "w").close()
os.chmod(".", 0)
"""


async def printed(executor: ScriptExecutor, script: str) -> str:
    output = Output()
    result = await executor.run(make_attempt("script", script=script), output)
    assert result.succeeded, (result, output.text())
    return output.text()


def exists(*paths: str) -> bool:
    return any(os.path.exists(path) for path in paths)


def most_user_namespaces() -> int:
    return int(Path("/proc/sys/user/max_user_namespaces").read_text())


@pytest.fixture(scope="module")
async def confined() -> AsyncIterator[ScriptExecutor]:
    async with executing("namespace") as executor:
        yield executor


async def test_what_is_left_in_places_of_all_users_is_gone(confined: ScriptExecutor) -> None:
    token = f"left-{os.getpid()}-{now()}"
    places = [place for place in PLACES if exists(place)]
    write = "".join(f"echo secret >{place}/{token}; cat {place}/{token};" for place in places)
    assert await printed(confined, write) == "secret\n" * len(places)
    look = "".join(f"ls {place}/{token} 2>/dev/null;" for place in places)
    assert await printed(confined, look + " echo none") == "none\n"
    assert not exists(*(f"{place}/{token}" for place in places))


async def test_what_others_left_there_is_not_seen(confined: ScriptExecutor, tmp_path: Path) -> None:
    """The machine's own /tmp is as hidden as that of another attempt; the working directory in it is not."""
    assert str(tmp_path).startswith("/tmp/")
    assert await printed(confined, f'[ -e {tmp_path} ] || echo hidden; cd "$HOME" && ls -a') == "hidden\n.\n..\n"


async def test_these_places_are_bounded_together() -> None:
    async with ScriptExecutor(Sandbox(mode="namespace", tmp_bytes=4 * 1024**2)) as executor:
        script = """
            head -c 3M /dev/zero >/dev/shm/a && echo first
            head -c 3M /dev/zero >/tmp/b 2>/dev/null || echo full
            seq -f '/tmp/f%g' 2000 | xargs touch 2>/dev/null || echo many; ls /tmp | wc -l
        """
        first, full, many, count = (await printed(executor, script)).split()
    assert (first, full, many) == ("first", "full", "many")
    assert 900 < int(count) <= 1024


async def test_no_user_namespace_can_be_made_in_one(confined: ScriptExecutor) -> None:
    """In a namespace of its own a script would have every capability."""
    assert await printed(confined, "unshare -Ur id -u 2>/dev/null || echo refused") == "refused\n"


@needs_root
async def test_the_limit_is_not_the_machines(confined: ScriptExecutor) -> None:
    await printed(confined, "true")
    assert most_user_namespaces() > 0


@needs_root
async def test_files_of_others_keep_their_owners(confined: ScriptExecutor) -> None:
    """Programs such as ssh refuse settings that seem to be somebody else's."""
    assert await printed(confined, "stat -c %u /etc/passwd") == "0\n"


@pytest.mark.parametrize("mode", ["namespace", "group"])
async def test_a_tree_deeper_than_paths_and_stacks_is_removed(mode: str) -> None:
    async with executing(mode) as executor:
        home = (await printed(executor, DEEP)).strip()
        await until(lambda: not Path(home).parent.exists(), 20)


async def test_a_deep_tree_of_a_dead_supervisor_is_swept() -> None:
    root = Sandbox()._root
    async with ScriptExecutor():
        left = Path(root) / "1-deep"
        os.makedirs(left / "7" / "work")
        here = os.getcwd()
        try:
            os.chdir(left / "7" / "work")
            for _ in range(3000):
                os.mkdir("d")
                os.chdir("d")
        finally:
            os.chdir(here)
    async with ScriptExecutor():
        await until(lambda: not left.exists(), 20)


def test_a_wide_tree_is_removed_without_following_links(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    tree = tmp_path / "tree"
    for name in ("a/b/c", "a/d", f".{os.getpid()}-0"):  # the last is a name that the removal itself gives
        (tree / name).mkdir(parents=True)
        (tree / name / "link").symlink_to(kept)
        (tree / name / "file").touch()
    os.mkfifo(tree / "a" / "fifo")
    remove_tree(str(tree))
    assert not tree.exists()
    assert (kept / "file").exists()


@needs_root
async def test_no_script_can_take_the_locks_of_user_ids(confined: ScriptExecutor) -> None:
    mode = os.stat(uids.LOCKS)
    assert (mode.st_uid, stat.S_IMODE(mode.st_mode)) == (0, 0o700)
    assert await printed(confined, f"ls {uids.LOCKS} 2>/dev/null || echo closed") == "closed\n"


@needs_root
async def test_names_that_a_script_can_take_keep_no_worker_from_starting() -> None:
    """The names of the release before, in the network that scripts share with their worker."""
    block = UidRange(first=59_100, count=8, block=8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taken:
        taken.bind("\0foliot-script-uids-59100")
        async with ScriptExecutor(Sandbox(uids=block)) as executor:
            assert await printed(executor, "id -u") in {f"{uid}\n" for uid in range(59_100, 59_108)}
