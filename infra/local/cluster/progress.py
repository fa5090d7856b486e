"""Waiting for a cluster to be ready, and telling what is waited for."""

import asyncio
import time

from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.logfile import tail
from cluster.pids import alive
from cluster.state import Entry, State, read_state

INTERVAL = 0.1
TELL_EVERY = 5.0
GIVEN_UP_AFTER = 3  # failures in a row
PATIENCE = 120.0
NOT_SEEN = object()


class Progress:
    def __init__(self, layout: Layout, plans_followed: int, before: State | None = None) -> None:
        self._layout = layout
        self._plans_followed = plans_followed  # what the state shows when it answers our request
        self._began = time.monotonic()
        self._told = 0.0
        self._news = 0.0  # when something last became ready
        self._seen = {entry.name: entry.process for entry in before.entries if entry.ready} if before else {}
        self.ready_now: list[str] = []

    async def until_ready(self) -> None:
        while True:
            if self._look():
                return
            await asyncio.sleep(INTERVAL)

    def _look(self) -> bool:
        state = read_state(self._layout.state)
        if state is None or not alive(state.supervisor):
            log = self._layout.supervisor_log
            raise ClusterError(f"the supervisor ended; its log {log} ends with:", tail(log))
        if state.plans_followed < self._plans_followed:
            return False
        self._tell_ready(state)
        waiting = [entry for entry in state.entries if not entry.as_planned]
        self._tell_waiting(waiting)
        for entry in waiting:
            # One that is replaced may take its grace to stop.
            if entry.failures >= GIVEN_UP_AFTER or self._elapsed > self._news + entry.grace + PATIENCE:
                raise self._failure(entry)
        return not waiting

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _tell_ready(self, state: State) -> None:
        for entry in state.entries:
            if entry.ready and self._seen.get(entry.name, NOT_SEEN) != entry.process:
                self._seen[entry.name] = entry.process
                self.ready_now.append(entry.name)
                self._news = self._elapsed
                pid = f" (pid {entry.process.pid})" if entry.process else ""
                print(f"{self._elapsed:6.1f} s  {entry.name} {entry.phase}{pid}", flush=True)

    def _tell_waiting(self, waiting: list[Entry]) -> None:
        if waiting and self._elapsed > self._told + TELL_EVERY:
            self._told = self._elapsed
            at_work = [f"{entry.name} ({entry.phase})" for entry in waiting if entry.at_work]
            print(f"{self._elapsed:6.1f} s  waiting for {', '.join(at_work)}", flush=True)

    def _failure(self, entry: Entry) -> ClusterError:
        log = self._layout.log(entry.name)
        return ClusterError(
            f"{entry.name} does not become ready: {entry.phase}. Its log is {log}; fix the cause and run "
            "make up again (the rest keeps running), or make down. The log ends with:",
            tail(log),
        )
