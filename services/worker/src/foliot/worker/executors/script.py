"""script: the supervisor runs it; the executor collects its output, and stops it on a cancel."""

import asyncio
import contextlib
import errno
import signal
from types import TracebackType
from typing import Final, Self

from foliot.common.model.payloads.script import Script
from foliot.worker.executors.attempt import Attempt, Result
from foliot.worker.executors.output_pipe import OutputPipe
from foliot.worker.executors.sandbox import Mode, Sandbox
from foliot.worker.executors.script_program import command_of
from foliot.worker.executors.supervisor.link import Ending, Failure, SupervisorError, SupervisorLink
from foliot.worker.executors.supervisor.linux import now
from foliot.worker.executors.supervisor.wire import Order
from foliot.worker.output import Output

_KILL_SECONDS: Final = 5.0
"""Seconds in which the supervisor must report the end of a killed attempt; after them it is killed itself."""
_DRAIN_SECONDS: Final = 1.0
"""Seconds in which the rest of the output is read after the end of the script."""
_NO_INTERPRETER: Final = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.EISDIR}
    | {errno.ELOOP, errno.ENAMETOOLONG, errno.ELIBBAD, errno.EINVAL}
)
"""Errors of execve that name a fault of the interpreter, so that no retry can help."""
_SIGNALS: Final = {number.value: number.name for number in signal.Signals} | {
    signal.SIGXCPU.value: "SIGXCPU (CPU limit)",
    signal.SIGXFSZ.value: "SIGXFSZ (file size limit)",
}


class ScriptExecutor:
    """Async context manager; a worker has one, for any number of attempts at a time.

    `lease_seconds`: the time that an attempt without a deadline of its own may run if it is not extended.
    `grace_seconds`: from TERM to KILL. Entering raises `SupervisorError` if scripts cannot be run safely here. Scripts
    use the host's network.
    """

    def __init__(
        self, sandbox: Sandbox | None = None, *, lease_seconds: float = 25.0, grace_seconds: float = 10.0
    ) -> None:
        self._sandbox = sandbox or Sandbox()
        self._lease_seconds = lease_seconds
        self._grace_seconds = grace_seconds
        self._opening = asyncio.Lock()

    @property
    def mode(self) -> Mode:
        """The way in which the processes of an attempt are held together: `namespace` (by the kernel) or `group`
        (weaker, see `supervisor`)."""
        return self._mode

    async def __aenter__(self) -> Self:
        self._mode, self._link = await self._sandbox.prove()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._link.close()

    def extend(self, deadline: float) -> None:
        """Let the attempts that run go on until `deadline`, in seconds of CLOCK_BOOTTIME.

        Called after each heartbeat, with the lease's deadline: the time before it was sent + 25 s. A worker that stands
        still does not call it, and then the deadline that it gave last passes.
        """
        self._link.extend(deadline)

    async def run(self, attempt: Attempt, output: Output) -> Result:
        """See `Executor.run`. The first cancel sends TERM; the second one, or the end of the grace, KILL."""
        payload = attempt.payload
        if not isinstance(payload, Script):
            raise TypeError(f"not a script: {type(payload).__name__}")
        program = command_of(payload)[0]
        if not program.startswith("/"):
            return _no_interpreter(program, "must be an absolute path, such as /bin/sh or /usr/bin/env")
        deadline = attempt.lease_deadline
        if deadline is None:
            deadline = now() + self._lease_seconds
        try:
            link = await self._working_link()
            order = self._sandbox.order(attempt, payload)
            ending = await self._carried_out(link, order, deadline, output)
        except SupervisorError as error:
            return Result(succeeded=False, error_message=str(error))
        return _judged(ending, program)

    async def _working_link(self) -> SupervisorLink:
        """Return the supervisor, a new one if it died. Raises SupervisorError."""
        if self._link.gone:
            async with self._opening:
                if self._link.gone:
                    await self._link.close()
                    self._link = await self._sandbox.open(self._mode)
        return self._link

    async def _carried_out(self, link: SupervisorLink, order: Order, deadline: float, output: Output) -> Ending:
        with OutputPipe(output) as pipe:
            key, ended = link.start(order, pipe.write_end, deadline)
            pipe.close_write_end()
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError:
                await self._stop(link, key, ended)
                raise
            finally:
                await pipe.drain(_DRAIN_SECONDS)
            return ended.result()

    async def _stop(self, link: SupervisorLink, key: int, ended: asyncio.Future[Ending]) -> None:
        link.terminate(key)
        with contextlib.suppress(asyncio.CancelledError):  # the second one: no more grace
            await asyncio.wait([ended], timeout=self._grace_seconds)
        if not ended.done():
            link.kill(key)
            await _wait(ended, _KILL_SECONDS)
        if not ended.done():
            link.abort()
            await _wait(ended, _KILL_SECONDS)


async def _wait(ended: asyncio.Future[Ending], seconds: float) -> None:
    """Wait in spite of further cancels: the task is ending already, and must leave nothing behind."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not ended.done() and loop.time() < until:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([ended], timeout=until - loop.time())


def _judged(ending: Ending, program: str) -> Result:
    if ending.failure is not None:
        return _not_started(ending.failure, program)
    if ending.code == 0:
        return Result(succeeded=True, exit_code=0)
    if ending.overdue:
        message = "killed by its supervisor: the worker's lease was not extended"
    elif ending.signal is not None:
        message = f"killed by {_SIGNALS.get(ending.signal, f'signal {ending.signal}')}"
    else:
        message = f"exit status {ending.code}"
    return Result(succeeded=False, error_message=message, exit_code=ending.code)


def _not_started(failure: Failure, program: str) -> Result:
    if failure.step == "interpreter" and failure.errno in _NO_INTERPRETER:
        return _no_interpreter(program, failure.reason)
    return Result(succeeded=False, error_message=f"the script was not carried out ({failure.step}): {failure.reason}")


def _no_interpreter(program: str, reason: str) -> Result:
    return Result(
        succeeded=False,
        error_message=f"interpreter {program}: {reason}",
        log_error=f"the script's interpreter: {reason}",
        final=True,
    )
