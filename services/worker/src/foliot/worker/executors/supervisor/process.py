"""The supervisor: starts keepers, kills those whose time is over, reports to the worker how each ended.

    python -S -m foliot.worker.executors.supervisor.process SETTINGS CHANNEL

It does nothing that could block. When the worker's end of the channel closes, it kills everything and ends.
"""

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections import deque
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from foliot.worker.executors.supervisor import linux
from foliot.worker.executors.supervisor.directories import Directories
from foliot.worker.executors.supervisor.keeper import KILL_ALL
from foliot.worker.executors.supervisor.keepers import Keepers, Launched
from foliot.worker.executors.supervisor.removals import Removals
from foliot.worker.executors.supervisor.wire import Settings, receive, send

_LONGEST_WAIT: Final = 1.0
"""Seconds of one poll at most: its clock stands still while the machine sleeps, and the deadlines do not."""
_STUBBORN_SECONDS: Final = 2.0
"""Seconds that a keeper without a namespace has to kill its attempt; after them it is killed without its help."""


class _Attempt:
    """One attempt under way; `deadline` in seconds of CLOCK_BOOTTIME."""

    def __init__(self, key: int, keeper: Launched, deadline: float) -> None:
        self.key = key
        self.keeper = keeper
        self.deadline = deadline
        self.overdue = False
        self.killed_at: float | None = None


class Supervisor:
    """The loop of the process; `run` returns when nothing is left."""

    def __init__(self, settings: Settings, channel: socket.socket) -> None:
        """Raises OSError if there is no directory or no user id for scripts."""
        self._channel = channel
        self._directories = Directories(settings["directory"])
        self._keepers = Keepers(settings, self._directories)
        self._attempts: dict[int, _Attempt] = {}
        self._by_pidfd: dict[int, _Attempt] = {}
        self._unsent: deque[dict[str, Any]] = deque()
        self._open = True
        self._poll = select.poll()
        self._removals = Removals(self._poll)
        for path in self._directories.abandoned():
            self._removals.remove(path)

    def run(self) -> None:
        """Serve until the worker is gone and every attempt with it."""
        self._say({"ready": ""})
        while self._open or self._attempts:
            for fd, _ in self._poll.poll(self._milliseconds_to_next()):
                if fd == self._channel.fileno():
                    self._send_unsent()
                    self._listen()
                elif not self._removals.ended(fd):
                    self._ended(self._by_pidfd.pop(fd))
            self._kill_overdue()
        with contextlib.suppress(OSError):  # a removal that is at work removes this too, or the next sweep does
            os.rmdir(self._directories.own)

    def _milliseconds_to_next(self) -> float | None:
        if not self._attempts:
            return None
        deadlines = [attempt.deadline for attempt in self._attempts.values() if attempt.killed_at is None]
        wait = min(deadlines, default=float("inf")) - linux.now()
        return max(0.0, min(_LONGEST_WAIT, wait)) * 1000

    def _listen(self) -> None:
        while self._open:
            try:
                received = receive(self._channel)
            except BlockingIOError:
                return
            except ConnectionError:
                received = None
            if received is None:
                self._abandoned()
            else:
                self._obey(*received)

    def _obey(self, message: dict[str, Any], fds: list[int]) -> None:
        match message:
            case {"start": int(key), "deadline": deadline}:
                self._start(key, deadline, *fds)
            case {"extend": deadline}:
                for attempt in self._attempts.values():
                    attempt.deadline = max(attempt.deadline, deadline)
            case {"term": int(key)} if key in self._attempts:
                os.kill(self._attempts[key].keeper.pid, signal.SIGTERM)
            case {"kill": int(key)} if key in self._attempts:
                self._kill(self._attempts[key])

    def _start(self, key: int, deadline: float, order: int, output: int) -> None:
        try:
            keeper = self._keepers.launch(key, order, output)
        except OSError as error:
            failed = ["launch", error.errno, str(error)]
            self._say({"ended": key, "code": None, "signal": None, "failed": failed, "overdue": False})
            return
        finally:
            os.close(order)
            os.close(output)
        self._attempts[key] = self._by_pidfd[keeper.pidfd] = _Attempt(key, keeper, deadline)
        self._poll.register(keeper.pidfd, select.POLLIN)

    def _kill(self, attempt: _Attempt) -> None:
        if attempt.killed_at is None:
            attempt.killed_at = linux.now()
        self._keepers.kill(attempt.keeper)

    def _kill_overdue(self) -> None:
        now = linux.now()
        for attempt in self._attempts.values():
            if attempt.killed_at is None:
                if attempt.deadline <= now:
                    attempt.overdue = True
                    self._kill(attempt)
            elif not self._keepers.use_namespaces and now - attempt.killed_at > _STUBBORN_SECONDS:
                self._keepers.kill_stubborn(attempt.keeper)

    def _ended(self, attempt: _Attempt) -> None:
        self._poll.unregister(attempt.keeper.pidfd)
        del self._attempts[attempt.key]
        known = {other.keeper.pid for other in self._attempts.values()} | self._removals.pids
        ending = self._keepers.reap(attempt.keeper, known)
        self._say({"ended": attempt.key, "overdue": attempt.overdue, **ending})
        self._removals.remove(attempt.keeper.directory)

    def _say(self, message: dict[str, Any]) -> None:
        self._unsent.append(message)
        self._send_unsent()

    def _send_unsent(self) -> None:
        """Send as many messages as the worker has room for: one that stands still must not stop this process too."""
        if not self._open:
            return
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while self._unsent:
                send(self._channel, self._unsent[0])
                self._unsent.popleft()
        self._poll.register(self._channel, select.POLLIN | (select.POLLOUT if self._unsent else 0))

    def _abandoned(self) -> None:
        """Kill everything: the worker is gone, or has closed its end."""
        self._open = False
        self._poll.unregister(self._channel)
        for attempt in self._attempts.values():
            self._kill(attempt)


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
    gc.freeze()  # a collection in a keeper would copy every page of this process
    gc.disable()
    try:
        supervisor = Supervisor(json.loads(settings), end)
    except OSError as error:
        send(end, {"ready": str(error)})
        return
    supervisor.run()


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One line of the worker's log, in its format."""
    line = {
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "service": "worker",
        "level": "CRITICAL",
        "event": "crashed",
        "message": "the supervisor of scripts crashed",
        "error": "".join(traceback.format_exception(kind, error, trace))[-4_000:],
    }
    print(json.dumps(line), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.excepthook = _last_words
    main(*sys.argv[1:3])
