"""The first process of an attempt: starts the script, passes TERM on, and takes everything with it when it ends."""

import contextlib
import fcntl
import json
import os
import select
import signal
from typing import NamedTuple, NoReturn

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.descendants import descendants, kill_descendants, send_all
from foliot.worker.executors.supervisor.directories import make
from foliot.worker.executors.supervisor.limits import confine
from foliot.worker.executors.supervisor.places import cover_places
from foliot.worker.executors.supervisor.wire import Order, read_order

KILL_ALL = signal.SIGUSR1
"""The signal that asks a keeper without a namespace to kill everything: killed itself, it could not do that."""

_SECRETS = "/run/secrets"
"""The directory in which containers keep secrets for the worker: scripts run under the same user if the worker is not
root, and could read them."""

_ORDER, _OUTPUT, _REPORT, _NULL, _SUPERVISOR, _FIRST_OTHER = 3, 4, 5, 6, 7, 8
"""Descriptors of a keeper, in this order after the standard ones."""
_ABOVE_ALL = 64
"""The lowest descriptor for copies, above all of those."""
_BROKEN = 125
"""Exit status of a keeper that could not do its work, as of `timeout` and `env`."""
_IGNORED_BY_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)


class Inherited(NamedTuple):
    """The descriptors and settings that a keeper gets from the supervisor."""

    order: int
    output: int
    report: int
    null: int
    supervisor: int
    """A pidfd."""
    directory: str
    uid: int | None
    namespace: bool
    own_user: tuple[int, int] | None
    """uid and gid to keep in a new user namespace."""
    extra_processes: int
    """Processes that are not the script's and that RLIMIT_NPROC must allow in addition."""


def keep(inherited: Inherited) -> NoReturn:
    """Be the keeper. Exits with the script's status; an error before the start of the script is in the report."""
    code = _BROKEN
    try:
        _keep_only(inherited)
        code = _keep(inherited)
    except BaseException as error:
        _report_failure("keeper", error)
    finally:
        os._exit(code)


def _keep(inherited: Inherited) -> int:
    # TERM and KILL_ALL are blocked since before the clone
    linux.die_with_parent(signal.SIGKILL if inherited.namespace else KILL_ALL)
    if _has_ended(_SUPERVISOR):
        return _BROKEN
    order = read_order(_ORDER)
    _prefer_as_victim()
    if inherited.namespace:
        _enter_namespace(inherited.own_user)
    else:
        linux.adopt_orphans()
    file, work, memory = make(inherited.directory, order["script"], inherited.uid)
    if inherited.namespace:
        cover_places(inherited.directory, memory, order["tmp_bytes"])
    tree = _Namespace() if inherited.namespace else _Descendants()
    signal.signal(signal.SIGTERM, lambda *_: tree.terminate())
    signal.signal(KILL_ALL, lambda *_: tree.kill())
    script = _start(order, file, work, inherited)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, KILL_ALL})
    code = os.waitstatus_to_exitcode(_wait_for(script))
    tree.end()
    if code < 0:
        os.write(_REPORT, json.dumps({"signal": -code}).encode())
    return abs(code) + (128 if code < 0 else 0)


def _keep_only(inherited: Inherited) -> None:
    """Close every other descriptor: above all the supervisor's channel, which must end with it."""
    wanted = (inherited.order, inherited.output, inherited.report, inherited.null, inherited.supervisor)
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, _ABOVE_ALL) for fd in wanted]
    for number, copy in enumerate(copies, _ORDER):
        os.dup2(copy, number, inheritable=False)
    linux.close_from(_FIRST_OTHER)


def _has_ended(pidfd: int) -> bool:
    """Tell whether the supervisor died before it could be asked to take this process with it."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _prefer_as_victim() -> None:
    """Let the kernel kill a script, not the worker, when memory runs out; some containers forbid that."""
    with contextlib.suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"500")
        os.close(fd)


def _enter_namespace(own_user: tuple[int, int] | None) -> None:
    if own_user is not None:
        linux.map_user(*own_user)
    linux.make_mounts_private()
    with contextlib.suppress(OSError):  # a container may forbid it; the old /proc only shows more than it should
        linux.mount_proc()
    if own_user is not None:
        _forbid_user_namespaces()
    if os.path.isdir(_SECRETS):
        linux.cover(_SECRETS)


def _forbid_user_namespaces() -> None:
    """Where /proc/sys is read-only, as in containers, this is left to the container's seccomp profile."""
    with contextlib.suppress(OSError):
        linux.forbid_user_namespaces()


def _start(order: Order, file: str, work: str, inherited: Inherited) -> int:
    """Start the script; return its pid.

    Root gives it a user namespace that allows no further one: in one of its own, a script would have every capability,
    and with them parts of the kernel that are closed to users. Without root it is in such a namespace already.
    """
    mapped, tell = os.pipe()
    confined = inherited.namespace and inherited.uid is not None and os.readlink("/proc/self") == str(os.getpid())
    try:
        script, pidfd = linux.clone(linux.NEW_USER if confined else 0)
    except OSError:
        confined = False  # forbidden to root, and so to the script as well
        script, pidfd = linux.clone(0)
    if script == 0:
        if confined:
            os.close(tell)
            os.read(mapped, 1)
            _forbid_user_namespaces()
        _become_script(order, file, work, inherited)
    if confined:
        linux.map_every_user(script)
    for fd in (pidfd, mapped, tell):
        os.close(fd)
    return script


def _wait_for(script: int) -> int:
    """Reap whatever ends until the script itself has; return its wait status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == script:
            return status


class _Namespace:
    """Everything in the namespace; when PID 1 ends, the kernel kills the rest."""

    def __init__(self) -> None:
        if os.getpid() != 1:
            raise RuntimeError("not PID 1 of a namespace")  # kill(-1) would reach the whole machine

    def terminate(self) -> None:
        _kill_every_other(signal.SIGTERM)

    def kill(self) -> None:
        _kill_every_other(signal.SIGKILL)

    def end(self) -> None:
        pass


def _kill_every_other(number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, number)


class _Descendants:
    """Everything below this process."""

    def terminate(self) -> None:
        send_all(descendants(os.getpid()), signal.SIGTERM)

    def kill(self) -> None:
        kill_descendants(os.getpid())

    def end(self) -> None:
        """Kill every process that the script left behind, and wait until all are gone."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    kill_descendants(os.getpid())
                    os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _become_script(order: Order, file: str, work: str, inherited: Inherited) -> NoReturn:
    step = "limits"
    try:
        os.setsid()
        limits = order["limits"] | {"processes": order["limits"]["processes"] + inherited.extra_processes}
        confine(limits, order["nice"], inherited.uid)
        step = "directory"
        os.chdir(work)
        for number in _IGNORED_BY_US:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(KILL_ALL, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for source, target in ((_NULL, 0), (_OUTPUT, 1), (_OUTPUT, 2)):
            os.dup2(source, target)
        step = "interpreter"
        command = order["command"]
        os.execve(command[0], [*command, file, *order["args"]], order["env"] | {"HOME": work})  # noqa: S606
    except BaseException as error:
        _report_failure(step, error)
    finally:
        os._exit(_BROKEN)


def _report_failure(step: str, error: BaseException) -> None:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
    failed = [step, getattr(error, "errno", None), reason[:1000]]
    os.write(_REPORT, json.dumps({"failed": failed}).encode())
