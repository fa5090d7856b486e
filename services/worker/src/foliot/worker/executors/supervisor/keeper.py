"""The first process of an attempt: starts the script, passes TERM on, and takes everything with it when it ends."""

import contextlib
import json
import os
import signal
from typing import NamedTuple, NoReturn

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.descendants import descendants, kill_descendants, send_all
from foliot.worker.executors.supervisor.directories import make
from foliot.worker.executors.supervisor.limits import confine
from foliot.worker.executors.supervisor.wire import Order, read_order

KILL_ALL = signal.SIGUSR1
"""Told to a keeper without a namespace, which could not kill anything any more if it were killed itself."""

_OUTPUT, _REPORT, _NULL, _FIRST_OTHER = 3, 4, 5, 6
_BROKEN = 125


class Inherited(NamedTuple):
    """What the supervisor hands to a keeper."""

    order: int
    output: int
    report: int
    null: int
    supervisor: int
    """A pidfd."""
    directory: str
    uid: int | None
    namespace: bool
    extra_processes: int
    """What RLIMIT_NPROC has to allow for processes that are not the script's."""


def keep(inherited: Inherited) -> NoReturn:
    """Be the keeper. Exits with the script's status; what went wrong before its start is in the report."""
    step = ["keeper"]
    try:
        code = _keep(inherited, step)
    except BaseException as error:
        failed = [step[0], getattr(error, "errno", None), f"{type(error).__name__}: {error}"]
        os.write(_REPORT, json.dumps({"failed": failed}).encode()[:4096])
        code = _BROKEN
    finally:
        os._exit(code)


def _keep(inherited: Inherited, step: list[str]) -> int:
    # TERM and KILL_ALL are blocked since before the clone
    linux.die_with_parent(signal.SIGKILL if inherited.namespace else KILL_ALL)
    if _is_dead(inherited.supervisor):
        return _BROKEN
    order = read_order(inherited.order)
    _keep_only(inherited)
    with contextlib.suppress(OSError):  # a small kernel, or one that forbids it: the script is just as bounded
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("500")
    if inherited.namespace:
        _enter_namespace()
    else:
        linux.adopt_orphans()
    step[0] = "directory"
    file, work = make(inherited.directory, order["script"], inherited.uid)
    step[0] = "start"
    tree = _Namespace() if inherited.namespace else _Descendants()
    signal.signal(signal.SIGTERM, lambda *_: tree.terminate())
    signal.signal(KILL_ALL, lambda *_: tree.kill())
    script = os.fork()
    if script == 0:
        _become_script(order, file, work, inherited)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, KILL_ALL})
    status = _wait_for(script)
    tree.end()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        os.write(_REPORT, json.dumps({"signal": -code}).encode())
    return code if code >= 0 else 128 - code


def _is_dead(pidfd: int) -> bool:
    """Tell whether the supervisor died before it could be asked to take this process with it."""
    import select  # noqa: PLC0415

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _keep_only(inherited: Inherited) -> None:
    """Close every descriptor of the supervisor: its channel must end with it."""
    copies = [os.dup(fd) for fd in (inherited.output, inherited.report, inherited.null)]
    for number, copy in zip((_OUTPUT, _REPORT, _NULL), copies, strict=True):
        os.dup2(copy, number, inheritable=False)
    os.closerange(_FIRST_OTHER, os.sysconf("SC_OPEN_MAX"))


def _enter_namespace() -> None:
    linux.make_mounts_private()
    with contextlib.suppress(OSError):  # a container may forbid it; the old /proc only shows more than it should
        linux.mount_proc()


def _wait_for(script: int) -> int:
    """Reap whatever ends until the script itself has; return its wait status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == script:
            return status


class _Namespace:
    """Everything in the namespace; what is left when PID 1 ends is killed by the kernel."""

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
        """Kill what the script left behind, and wait until it is gone."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    kill_descendants(os.getpid())
                    os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _become_script(order: Order, file: str, work: str, inherited: Inherited) -> NoReturn:
    step, program = "limits", order["interpreter"]
    try:
        os.setsid()
        limits = dict(order["limits"])
        limits["processes"] += inherited.extra_processes
        confine(limits, order["nice"], inherited.uid)
        step = "directory"
        os.chdir(work)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, KILL_ALL):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for source, target in ((_NULL, 0), (_OUTPUT, 1), (_OUTPUT, 2)):
            os.dup2(source, target)
        step = "interpreter"
        os.execve(program, [program, file, *order["args"]], order["env"] | {"HOME": work})
    except BaseException as error:
        failed = [step, getattr(error, "errno", None), f"{type(error).__name__}: {error}"]
        os.write(_REPORT, json.dumps({"failed": failed}).encode()[:4096])
    finally:
        os._exit(_BROKEN)
