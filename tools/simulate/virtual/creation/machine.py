"""The coalescer of the API: callers that come and go, jobs that PostgreSQL refuses, and a PostgreSQL that is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import asyncpg
import orjson

from foliot.api.jobs import coalescer
from foliot.api.jobs.coalescer import Coalescer
from foliot.api.jobs.creation import JOB_KEY_INDEX, Created
from foliot.api.queries.unit import UnitsOfWork
from foliot.api.web.auth import Principal, Role
from foliot.api.web.callers import Caller
from foliot.common.errors import Conflict, Invalid, Malformed, Unavailable
from simulate.virtual.clock import VirtualClock
from simulate.virtual.owners import Process
from simulate.virtual.postgres import KINDS, Connection, Server, Units
from simulate.virtual.story import Fault, Plan, Stage

FAULTS_WITHIN = 1.0
CALLED_WITHIN = 1.0
ANSWERED_WITHIN = 20.0
"""Seconds after the last fault and the last call in which every call is answered."""
MOST_WAITING = 12
"""Requests that may wait: so few that stories meet the bound."""
BATCH = 5
KEYS = ("a", "b", "c")
_CALLER = Caller(
    principal=Principal(1, 1, None, Role.OPERATOR), request_id="r", traceparent=None, ip_address=None, user_agent=""
)
KINDS_OF_BODY = ("good", "good", "good", "keyed", "keyed", "past", "broken", "unknown")


@dataclass
class Jobs:
    """The table of jobs: names in the order of their ids, and the keys in use."""

    clock: VirtualClock
    names: dict[int, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    next_id: int = 1

    def save(self) -> Any:
        return dict(self.names), set(self.keys), self.next_id

    def restore(self, saved: Any) -> None:
        self.names, self.keys, self.next_id = saved

    def reserve(self, count: int) -> tuple[datetime, list[int]]:
        first, self.next_id = self.next_id, self.next_id + count
        return self.clock.now(), list(range(first, self.next_id))

    def insert(self, creations: Sequence[Any]) -> None:
        """All of them or none, as one statement does."""
        names, keys = dict(self.names), set(self.keys)
        for creation in creations:
            made = orjson.loads(orjson.dumps(creation["definition"]))
            key = made.get("job_key")
            if key in keys:
                raise asyncpg.UniqueViolationError(f"violates {JOB_KEY_INDEX}")
            keys |= {key} if key else set()
            names[creation["job_id"]] = made["job_name"]
        self.names, self.keys = names, keys


class Unit:
    def __init__(self, connection: Connection, jobs: Jobs) -> None:
        self._connection = connection
        self._jobs = jobs
        self.definitions = self

    async def reserve_job_ids(self, count: int) -> tuple[datetime, list[int]]:
        return await self._connection.statement(lambda: self._jobs.reserve(count))

    async def insert_created(self, creations: Sequence[Any]) -> None:
        await self._connection.statement(lambda: self._jobs.insert(creations))


class CreationMachine:
    name = "creation"

    def draw(self, rng: random.Random) -> Plan:
        faults = []
        for _ in range(rng.randint(0, 2)):
            kind = rng.choice([*(f"pg-{kind}" for kind in KINDS), "gone"])
            faults.append(Fault(round(rng.uniform(0, FAULTS_WITHIN), 3), round(rng.uniform(0.01, 3.0), 3), kind, 0))
        return Plan(rng.randint(1, 16), tuple(sorted(faults, key=lambda fault: fault.at)))

    async def play(self, stage: Stage) -> None:
        before = coalescer.MAX_WAITING, coalescer.BATCH_JOBS
        coalescer.MAX_WAITING, coalescer.BATCH_JOBS = MOST_WAITING, BATCH
        try:
            await Requests(stage).play()
        finally:
            coalescer.MAX_WAITING, coalescer.BATCH_JOBS = before


class Requests:
    """The requests of one story: each is answered once, and its answer is true."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._jobs = Jobs(stage.clock)
        self._process = Process("api")
        server = Server(stage, self._jobs)
        units: Units[Unit] = Units(server, 0, lambda connection: Unit(connection, self._jobs))
        self._coalescer = Coalescer(cast(UnitsOfWork, units))
        self._answers: dict[str, str] = {}
        self._shown: dict[str, int] = {}
        self._lowest = 0
        stage.loop.on_jump = self._look

    async def play(self) -> None:
        stage = self._stage
        callers = [stage.spawn(self._process, self._call(number), "caller") for number in range(stage.plan.size)]
        await stage.quiet()
        _, waiting = await asyncio.wait(callers, timeout=ANSWERED_WITHIN)
        stage.expect(not waiting, "each request is answered", lambda: f"{len(waiting)} of {len(callers)} are not")
        until = stage.now + ANSWERED_WITHIN
        while self._coalescer._bytes and stage.now < until:  # what callers that have gone asked for
            await asyncio.sleep(0.1)
        stage.expect(
            self._coalescer._bytes == 0, "nothing is held when all is answered",
            lambda: f"{self._coalescer._bytes} bytes",
        )  # fmt: skip
        self._judge()

    async def _call(self, number: int) -> None:
        rng, name = self._stage.rng, f"job-{number}"
        await asyncio.sleep(rng.choice([0.2, rng.uniform(0, CALLED_WITHIN)]))
        kind = rng.choice(KINDS_OF_BODY)
        create = self._coalescer.create(_body(kind, name, rng), _CALLER)
        try:
            if self._stage.until("gone", 0):
                async with asyncio.timeout(rng.uniform(0, 0.05)):
                    created = await create
            else:
                created = await create
        except Unavailable:
            self._answers[name] = Unavailable.__name__
        except (Malformed, Invalid, Conflict, TimeoutError) as error:
            self._answers[name] = type(error).__name__
        else:
            self._answers[name] = Created.__name__
            self._shown[name] = created.job_id
        self._stage.note("caller", f"{kind} {name}: {self._answers[name]}")
        expected = _EXPECTED[kind] | {"Unavailable", "TimeoutError"}
        self._stage.expect(
            self._answers[name] in expected, "no request spoils another's answer",
            lambda: f"{kind} {name}: {self._answers[name]}",
        )  # fmt: skip

    def _look(self) -> None:
        """Before time goes on: what waits is bounded."""
        waiting = len(self._coalescer._arrived) + len(self._coalescer._waiting)
        self._stage.expect(waiting <= MOST_WAITING, "what waits is bounded", lambda: f"{waiting} wait")

    def _judge(self) -> None:
        """Created means stored, once, under that id; refused means not stored. Only an unknown outcome may be either."""
        stored = list(self._jobs.names.values())
        for name, answer in self._answers.items():
            count = stored.count(name)
            if answer == Created.__name__:
                true = self._jobs.names.get(self._shown[name]) == name and count == 1
            else:
                true = count == 0 or (count == 1 and answer in ("Unavailable", "TimeoutError"))
            self._stage.expect(true, "the answer is true", lambda: f"{name}: {answer}, stored {count} times")  # noqa: B023


def _body(kind: str, name: str, rng: random.Random) -> bytes:
    if kind == "broken":
        return b"{"
    job_type = b"cobol" if kind == "unknown" else b"script"
    key = b', "job_key": "%b"' % rng.choice(KEYS).encode() if kind == "keyed" else b""
    schedule = b'"schedule": "2020-01-01T00:00:00Z"' if kind == "past" else b'"schedule": "@every 1h"'
    return b'{"job_name": "%b", "job_type": "%b", %b, "payload": {"script": "true"}%b}' % (
        name.encode(), job_type, schedule, key,
    )  # fmt: skip


_EXPECTED = {
    "good": {"Created"}, "keyed": {"Created", "Conflict"}, "past": {"Invalid"}, "broken": {"Malformed"},
    "unknown": {"Invalid"},
}  # fmt: skip
