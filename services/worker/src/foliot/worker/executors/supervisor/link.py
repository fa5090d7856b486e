"""The worker's end: starts the supervisor, gives it orders, learns how attempts ended. Needs a running event loop."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from itertools import count
from typing import Any, Final, NamedTuple, Self

from foliot.worker.executors.supervisor.wire import Order, Settings, channel, receive, send, write_order

_READY_SECONDS: Final = 10.0
"""Seconds in which a new supervisor must say that it is ready."""
_STOP_SECONDS: Final = 10.0
"""Seconds in which a supervisor must kill its attempts and end; after them it is killed, and they die with it."""
_MODULE: Final = "foliot.worker.executors.supervisor.process"


class SupervisorError(Exception):
    """The supervisor did not start, ended, or does not answer; the message says why."""


class Failure(NamedTuple):
    """Why the script was not started."""

    step: str
    errno: int | None
    reason: str


class Ending(NamedTuple):
    """The end of an attempt, of which nothing is left."""

    code: int | None = None
    signal: int | None = None
    failure: Failure | None = None
    overdue: bool = False


class SupervisorLink:
    """One supervisor process, made by `open`; `gone` is true when it has ended."""

    def __init__(self, end: socket.socket, process: subprocess.Popen[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self._channel = end
        self._process = process
        self._ready: asyncio.Future[str] = loop.create_future()
        self._keys = count(1)
        self._endings: dict[int, asyncio.Future[Ending]] = {}
        self.gone = False
        loop.add_reader(end, self._listen)

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Start a supervisor. Raises SupervisorError if it cannot work with these settings."""
        own, other = channel()
        try:
            link = cls(own, _spawn(settings, other.fileno()))
        finally:
            other.close()
        try:
            async with asyncio.timeout(_READY_SECONDS):
                problem = await link._ready
        except TimeoutError:
            problem = f"no answer within {_READY_SECONDS:g} s"
        except BaseException:
            link.abort()
            await link.close()
            raise
        if problem:
            await link.close()
            raise SupervisorError(f"the supervisor of scripts does not start: {problem}")
        return link

    @property
    def pid(self) -> int:
        """Of the supervisor process."""
        return self._process.pid

    def start(self, order: Order, output: int, deadline: float) -> tuple[int, asyncio.Future[Ending]]:
        """Start a script; return its key and how it will have ended.

        `output` is the write end of a pipe, `deadline` in seconds of CLOCK_BOOTTIME. Raises SupervisorError.
        """
        key = next(self._keys)
        fd = write_order(order)
        try:
            self._send({"start": key, "deadline": deadline}, [fd, output])
        except OSError as error:
            raise SupervisorError(f"the supervisor of scripts takes no orders: {error}") from error
        finally:
            os.close(fd)
        ending = self._endings[key] = asyncio.get_running_loop().create_future()
        return key, ending

    def extend(self, deadline: float) -> None:
        """Let the attempts that run go on until `deadline`.

        A message that does not arrive is not sent again: the attempts then die at the deadline they have.
        """
        with contextlib.suppress(OSError):
            self._send({"extend": deadline})

    def terminate(self, key: int) -> None:
        """Send TERM to everything of an attempt."""
        with contextlib.suppress(OSError):
            self._send({"term": key})

    def kill(self, key: int) -> None:
        """Send KILL to everything of an attempt."""
        with contextlib.suppress(OSError):
            self._send({"kill": key})

    def abort(self) -> None:
        """Kill a supervisor that does not answer; every attempt dies with it."""
        self._process.kill()

    async def close(self) -> None:
        """Kill every attempt and end the supervisor; a second call does nothing."""
        self._end("closed")
        if self._process.poll() is not None:
            return
        pidfd = os.pidfd_open(self._process.pid)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(pidfd, ended.set)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await ended.wait()
        except TimeoutError:
            self._process.kill()
        finally:
            loop.remove_reader(pidfd)
            os.close(pidfd)
            self._process.wait(_STOP_SECONDS)

    def _send(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        if self.gone:
            raise BrokenPipeError("it has ended")
        send(self._channel, message, fds)

    def _listen(self) -> None:
        try:
            received = receive(self._channel)
        except BlockingIOError:
            return
        except OSError:
            received = None
        if received is None:
            self._end("it ended unexpectedly")
            return
        message, _ = received
        if "ready" in message:
            self._ready.set_result(message["ready"])
        elif ending := self._endings.pop(message["ended"], None):
            failed = message["failed"]
            ending.set_result(
                Ending(message["code"], message["signal"], Failure(*failed) if failed else None, message["overdue"])
            )

    def _end(self, reason: str) -> None:
        if self.gone:
            return
        self.gone = True
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()
        if not self._ready.done():
            self._ready.set_result(reason)
        for ending in self._endings.values():
            ending.set_result(Ending(failure=Failure("supervisor", None, reason)))
        self._endings.clear()


def _spawn(settings: Settings, fd: int) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, so that signals to the worker's group do not reach it."""
    paths = os.pathsep.join(path for path in sys.path if os.path.isdir(path) and os.path.isabs(path))
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-S", "-m", _MODULE, json.dumps(settings), str(fd)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        pass_fds=[fd],
        start_new_session=True,
    )
