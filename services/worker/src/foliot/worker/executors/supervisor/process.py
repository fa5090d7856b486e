"""The supervisor: starts keepers, kills those whose time is over, tells the worker how each ended.

    python -S -m foliot.worker.executors.supervisor.process SETTINGS CHANNEL

It does nothing that could block. When the worker's end of the channel closes it kills everything and ends.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections import deque
from typing import Any, Final

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.descendants import kill_descendants
from foliot.worker.executors.supervisor.directories import Directories, remove_if_small, remove_tree
from foliot.worker.executors.supervisor.keeper import KILL_ALL, Inherited, keep
from foliot.worker.executors.supervisor.limits import tasks_of
from foliot.worker.executors.supervisor.uids import Uids
from foliot.worker.executors.supervisor.wire import Settings, receive, send

_LONGEST_WAIT: Final = 1.0  # poll's clock stands still while the machine sleeps, the deadlines do not
_STUBBORN_SECONDS: Final = 2.0
_COUNT_SECONDS: Final = 5.0


class _Attempt:
    """One keeper and what is known about it."""

    def __init__(self, number: int, pid: int, pidfd: int, report: int, uid: int | None, deadline: float) -> None:
        self.number = number
        self.pid = pid
        self.pidfd = pidfd
        self.report = report
        self.uid = uid
        self.deadline = deadline
        self.overdue = False
        self.killed_at: float | None = None


class Supervisor:
    """See the module; `run` returns when nothing is left."""

    def __init__(self, settings: Settings, channel: socket.socket) -> None:
        self._channel = channel
        self._namespaces = _namespaces(settings["mode"])
        self._directories = Directories(settings["directory"])
        self._uids = Uids(*settings["uids"]) if settings["uids"] else None
        self._own = os.pidfd_open(os.getpid())
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._attempts: dict[int, _Attempt] = {}
        self._by_pidfd: dict[int, _Attempt] = {}
        self._removing: dict[int, int] = {}
        self._unsent: deque[dict[str, Any]] = deque()
        self._counted = (0.0, 0)
        self._open = True
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        for path in self._directories.abandoned():
            self._remove(path)

    def run(self) -> None:
        """Serve until the worker is gone and every attempt with it."""
        self._say({"ready": ""})
        while self._open or self._attempts:
            wait = self._seconds_to_next()
            for fd, _ in self._poll.poll(None if wait is None else max(0.0, wait) * 1000):
                if fd == self._channel.fileno():
                    self._listen()
                elif fd in self._by_pidfd:
                    self._ended(self._by_pidfd[fd])
                elif fd in self._removing:
                    self._removed(fd)
            self._kill_overdue()
        if not self._removing:
            with contextlib.suppress(OSError):
                os.rmdir(self._directories.own)

    def _seconds_to_next(self) -> float | None:
        if not self._attempts:
            return None
        now = linux.now()
        waits = [attempt.deadline - now for attempt in self._attempts.values() if attempt.killed_at is None]
        return min([_LONGEST_WAIT, *waits])

    def _listen(self) -> None:
        self._send_unsent()
        while True:
            try:
                received = receive(self._channel)
            except BlockingIOError:
                return
            except OSError:
                received = None
            if received is None:
                self._abandoned()
                return
            self._obey(*received)

    def _obey(self, message: dict[str, Any], fds: list[int]) -> None:
        match message:
            case {"start": int(number), "deadline": deadline}:
                self._start(number, deadline, *fds)
            case {"extend": deadline, "only": only}:
                for attempt in self._attempts.values():
                    if only is None or attempt.number in only:
                        attempt.deadline = max(attempt.deadline, deadline)
            case {"term": int(number)} if number in self._attempts:
                os.kill(self._attempts[number].pid, signal.SIGTERM)
            case {"kill": int(number)} if number in self._attempts:
                self._kill(self._attempts[number])

    def _start(self, number: int, deadline: float, order: int, output: int) -> None:
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        uid = self._uids.take() if self._uids else None
        inherited = Inherited(
            order=order,
            output=output,
            report=write,
            null=self._null,
            supervisor=self._own,
            directory=self._directories.of(number),
            uid=uid,
            namespace=bool(self._namespaces),
            extra_processes=self._others(),
        )
        try:
            pid, pidfd = linux.clone(self._namespaces)
            if pid == 0:
                keep(inherited)
        except OSError as error:
            os.close(read)
            self._release(uid)
            self._say(_ending(number, failed=["clone", error.errno, str(error)]))
            return
        finally:
            for fd in (write, order, output):
                os.close(fd)
        attempt = _Attempt(number, pid, pidfd, read, uid, deadline)
        self._attempts[number] = self._by_pidfd[pidfd] = attempt
        self._poll.register(pidfd, select.POLLIN)

    def _others(self) -> int:
        """Count what else runs under the script's user where it has none of its own, at most every few seconds."""
        if self._uids or self._namespaces:
            return 0
        at, count = self._counted
        if linux.now() - at > _COUNT_SECONDS:
            count = tasks_of(os.getuid())
            self._counted = (linux.now(), count)
        return count

    def _kill(self, attempt: _Attempt) -> None:
        if attempt.killed_at is None:
            attempt.killed_at = linux.now()
        if self._namespaces:
            os.kill(attempt.pid, signal.SIGKILL)
        else:
            os.kill(attempt.pid, KILL_ALL)
            os.kill(attempt.pid, signal.SIGCONT)

    def _kill_overdue(self) -> None:
        now = linux.now()
        for attempt in self._attempts.values():
            if attempt.killed_at is None:
                if attempt.deadline <= now:
                    attempt.overdue = True
                    self._kill(attempt)
            elif not self._namespaces and now - attempt.killed_at > _STUBBORN_SECONDS:
                kill_descendants(attempt.pid)
                os.kill(attempt.pid, signal.SIGKILL)

    def _ended(self, attempt: _Attempt) -> None:
        _, status = os.waitpid(attempt.pid, 0)
        self._poll.unregister(attempt.pidfd)
        os.close(attempt.pidfd)
        del self._attempts[attempt.number], self._by_pidfd[attempt.pidfd]
        if os.WIFSIGNALED(status) and not self._namespaces:
            known = {other.pid for other in self._attempts.values()} | set(self._removing.values())
            kill_descendants(os.getpid(), known)  # its children are ours now
        self._release(attempt.uid)
        report = _read_report(attempt.report)
        code = os.waitstatus_to_exitcode(status)
        number = report.get("signal") or (-code if code < 0 else None)
        self._say(
            _ending(
                attempt.number,
                code=128 + number if number else code,
                signal=number,
                failed=report.get("failed"),
                overdue=attempt.overdue,
            )
        )
        directory = self._directories.of(attempt.number)
        if not remove_if_small(directory):
            self._remove(directory)

    def _release(self, uid: int | None) -> None:
        if self._uids and uid is not None:
            self._uids.give_back(uid)

    def _remove(self, directory: str) -> None:
        pid, pidfd = linux.clone(0)
        if pid == 0:
            try:
                os.setpriority(os.PRIO_PROCESS, 0, 10)
                remove_tree(directory)
            finally:
                os._exit(0)
        self._removing[pidfd] = pid
        self._poll.register(pidfd, select.POLLIN)

    def _removed(self, pidfd: int) -> None:
        self._poll.unregister(pidfd)
        os.waitpid(self._removing.pop(pidfd), 0)
        os.close(pidfd)

    def _say(self, message: dict[str, Any]) -> None:
        self._unsent.append(message)
        self._send_unsent()

    def _send_unsent(self) -> None:
        """Send what the worker has room for; a worker that stands still must not stop this process too."""
        try:
            while self._unsent:
                send(self._channel, self._unsent[0])
                self._unsent.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()
        if self._open:
            self._poll.register(self._channel, select.POLLIN | (select.POLLOUT if self._unsent else 0))

    def _abandoned(self) -> None:
        """The worker is gone, or closed its end: nothing may go on."""
        self._open = False
        self._unsent.clear()
        self._poll.unregister(self._channel)
        for attempt in self._attempts.values():
            self._kill(attempt)


def _ending(
    number: int,
    *,
    code: int | None = None,
    signal: int | None = None,
    failed: list[Any] | None = None,
    overdue: bool = False,
) -> dict[str, Any]:
    return {"ended": number, "code": code, "signal": signal, "failed": failed, "overdue": overdue}


def _read_report(fd: int) -> dict[str, Any]:
    with open(fd, "rb") as file:
        text = file.read() or b""
    try:
        report: dict[str, Any] = json.loads(text) if text else {}
    except ValueError:  # two reports on end: the first says why
        report = json.JSONDecoder().raw_decode(text.decode(errors="replace"))[0]
    return report


def _namespaces(mode: str) -> int:
    if mode == "group":
        return 0
    own_user = 0 if os.geteuid() == 0 else linux.NEW_USER
    return linux.NEW_PID | linux.NEW_NAMESPACE | linux.NEW_IPC | own_user


def main(settings: str, channel: str) -> None:
    """Run on the inherited end of a channel."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the worker drains first; its end is ours
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, KILL_ALL})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    linux.adopt_orphans()
    end = socket.socket(fileno=int(channel))
    end.setblocking(False)
    end.set_inheritable(False)
    try:
        supervisor = Supervisor(json.loads(settings), end)
    except OSError as error:
        send(end, {"ready": str(error) or type(error).__name__})
        return
    supervisor.run()


if __name__ == "__main__":
    main(*sys.argv[1:3])
