"""Without root, or where namespaces are forbidden, nothing of an attempt is left either."""

import json
import os
import signal

import pytest

from integration.executors.processes import ESCAPED, Token, until
from integration.executors.scripts import hosted

ORDINARY = ("unshare", "--user", "--map-user=4242", "--map-group=4242", "--") if os.geteuid() == 0 else ()
"""A user namespace makes a process an ordinary user, here as in a container."""


async def test_without_root_nothing_is_left_either(mode: str) -> None:
    wrapper = ORDINARY
    token = Token()
    async with hosted(mode, token.escapes(), *wrapper, token=token) as (host, event):
        await event()
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])
    look = 'id -u; for file in /proc/*/environ; do tr "\\0" "\\n" <$file | grep SECRET_OF; done 2>/dev/null; exit 0'
    async with hosted(mode, look, *wrapper) as (_, event):
        await event()
        ended = await event()
    assert ended["log"].split() == ["4242" if wrapper else str(os.geteuid())]


async def test_without_root_a_script_that_kills_its_keeper_ends() -> None:
    """In a group the keeper belongs to the script's own user."""
    token = Token()
    script = token.escapes().rpartition("sleep")[0] + f"kill -KILL $PPID; sleep {token.seconds}"
    async with hosted("group", script, *ORDINARY, token=token) as (_, event):
        await event()
        ended = await event()
        assert (ended["succeeded"], ended["message"]) == (False, "killed by SIGKILL")
        assert token.pids() == []


async def test_without_root_a_script_that_stops_its_keeper_ends() -> None:
    token = Token()
    script = f"(while kill -STOP $PPID; do :; done) & sleep {token.seconds}"
    async with hosted("group", script, *ORDINARY, token=token) as (host, event):
        await event()
        await until(lambda: len(token.pids()) >= 3)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a capability to give up")
async def test_where_namespaces_are_forbidden_the_group_is_used_or_the_worker_refuses() -> None:
    """As in a container with the usual capabilities."""
    plain = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--")
    async with hosted("namespace", "true", *plain) as (host, event):
        with pytest.raises(json.JSONDecodeError):
            await event()
        assert await host.wait() != 0
    token = Token()
    async with hosted(None, token.escapes(), *plain, token=token) as (host, event):
        assert (await event())["mode"] == "group"
        await until(lambda: len(token.pids()) >= ESCAPED)
        host.send_signal(signal.SIGKILL)
        await until(lambda: token.pids() == [])


MASKED = (
    *("unshare", "--mount", "sh", "-c"),
    'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"',
    "sh",
)
"""What container engines do to /proc: the kernel then allows no new one, and nothing can be written to /proc/sys."""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mask parts of /proc")
@pytest.mark.parametrize("wrapper", [(*MASKED, *ORDINARY), MASKED])
async def test_where_proc_is_masked_scripts_run_with_places_of_their_own(wrapper: tuple[str, ...]) -> None:
    script = 'echo x >/tmp/left && ls /tmp/left /dev/shm && cd "$HOME" && ls -a'
    async with hosted("namespace", script, *wrapper) as (_, event):
        assert (await event())["mode"] == "namespace"
        ended = await event()
    assert ended["succeeded"], ended
    assert ended["log"].split() == ["/tmp/left", "/dev/shm:", ".", ".."]
