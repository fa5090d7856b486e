"""The campaigns: what is broken in a round, what is measured, and what must hold at the end."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from chaos.load import Delays, Http600, Target, insert_load
from chaos.operations import OperationKill
from chaos.rig import Rig
from chaos.storm import STORM
from support.ledger import effect_script
from support.processes import VARIABLE, new_mark, processes_of

Figures = dict[str, float]
NEW_TERM = "SELECT term > $1 FROM leader"
LATEST_GAP = """
SELECT COALESCE(max(extract(epoch FROM created_at - scheduled_time)), 0)::float8 FROM executions
WHERE trigger = 'schedule' AND created_at > now() - make_interval(secs => $1)"""


class Campaign(Protocol):
    title: str
    rounds: int

    async def prepare(self, rig: Rig) -> None: ...

    async def round(self, rig: Rig) -> Figures: ...

    async def check(self, rig: Rig) -> list[str]: ...


class Leader:
    """Twenty `@every 1s` jobs; the leader is broken in some way; the gap is how late the latest tick was planned."""

    title = ""
    rounds = 100

    async def prepare(self, rig: Rig) -> None:
        await rig.create(20, schedule="@every 1s", overlap_policy="allow", payload={"script": "true"})
        await asyncio.sleep(3)

    async def round(self, rig: Rig) -> Figures:
        leader = await rig.foliot.leader(within=60)
        term = await rig.value("SELECT term FROM leader")
        started = time.monotonic()
        await self.fault(rig, leader)
        await rig.until(NEW_TERM, term)
        taken_over = time.monotonic() - started
        await asyncio.sleep(2.0)
        gap = await rig.value(LATEST_GAP, time.monotonic() - started)
        await rig.restore()
        await asyncio.sleep(1.0)
        return {"takeover_s": round(taken_over, 3), "gap_s": round(gap, 3)}

    async def fault(self, rig: Rig, leader: str) -> None:
        raise NotImplementedError

    async def check(self, rig: Rig) -> list[str]:
        return await rig.check()


class LeaderKill(Leader):
    title = "SIGKILL of the leader, 20 jobs @every 1s"

    async def fault(self, rig: Rig, leader: str) -> None:
        await rig.foliot.services[leader].kill()


class LeaderTerm(Leader):
    title = "SIGTERM of the leader, 20 jobs @every 1s"
    rounds = 20

    async def fault(self, rig: Rig, leader: str) -> None:
        await rig.foliot.services[leader].stop()


class LeaderReset(Leader):
    title = "RST of the leader's ZooKeeper connection, 20 jobs @every 1s"
    rounds = 20

    async def fault(self, rig: Rig, leader: str) -> None:
        rig.foliot.proxies[leader]["zookeeper"].reset()


class LeaderStop(Leader):
    title = "SIGSTOP of the leader past its term, then CONT"
    rounds = 20

    async def fault(self, rig: Rig, leader: str) -> None:
        rig.foliot.services[leader].pause()


class ZooKeeperAway(Leader):
    title = "ZooKeeper away for 60 s: how late ticks are planned in that time"
    rounds = 1

    async def round(self, rig: Rig) -> Figures:
        await rig.foliot.leader()
        await rig.servers.zookeeper.kill()
        await asyncio.sleep(60)
        p99 = await rig.value(
            """SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM created_at - scheduled_time))::float8
               FROM executions WHERE created_at > now() - interval '58 s'"""
        )
        await rig.servers.zookeeper.start()
        await asyncio.sleep(8)
        return {"lateness_p99_s": round(p99, 3)}


class WorkerKill:
    """A 30 s script; its worker dies; nothing of the attempt may be left, and the next one starts by policy."""

    title = "SIGKILL of a worker in the middle of a 30 s script"
    rounds = 50

    async def prepare(self, rig: Rig) -> None:
        return

    async def round(self, rig: Rig) -> Figures:
        body = effect_script(rig.effects, "sleep 30 & wait")
        mark = new_mark()
        payload = {"script": body, "env": {VARIABLE: mark}}
        jobs = await rig.create(1, payload=payload, retry_policy={"max_retries": 1, "backoff_factor": 3})
        running = "SELECT worker_id FROM executions WHERE job_id = $1 AND status = 'RUNNING'"
        await rig.until(f"SELECT EXISTS ({running})", jobs[0])
        await asyncio.sleep(1)
        worker = await rig.value(running, jobs[0])
        execution_id = await rig.value("SELECT execution_id FROM executions WHERE job_id = $1", jobs[0])
        broken = time.monotonic()
        await self.fault(rig, worker)
        left = await self._gone(mark, broken)
        second = (
            "SELECT EXISTS (SELECT FROM executions WHERE job_id = $1 AND attempt_number = 2 AND status = 'RUNNING')"
        )
        await rig.until(second, jobs[0])
        again = time.monotonic() - broken
        await rig.restore()
        lost = await rig.value(
            "SELECT error_message = 'worker lost' FROM executions WHERE execution_id = $1", execution_id
        )
        await rig.foliot.call("POST", f"/v1/jobs/{jobs[0]}/cancel")
        return {"processes_gone_s": round(left, 2), "next_attempt_s": round(again, 2), "worker_lost": float(bool(lost))}

    async def _gone(self, mark: str, since: float) -> float:
        while processes_of(mark):
            await asyncio.sleep(0.02)
        return time.monotonic() - since

    async def fault(self, rig: Rig, worker: str) -> None:
        await rig.foliot.services[worker].kill()

    async def check(self, rig: Rig) -> list[str]:
        return await rig.check(every_seconds=None)


class WorkerStop(WorkerKill):
    title = "SIGSTOP of a worker in the middle of a 30 s script"

    async def fault(self, rig: Rig, worker: str) -> None:
        rig.foliot.services[worker].pause()


class ServerKill:
    """200 jobs/s; a server is killed and started again; how long until work flows again."""

    title = ""
    rounds = 10
    server = ""

    async def prepare(self, rig: Rig) -> None:
        self._target = Target(rig.effects.with_name("arrivals"))
        await self._target.start()
        await insert_load(rig, self._target.url, 200)
        await asyncio.sleep(10)

    async def round(self, rig: Rig) -> Figures:
        server = rig.servers.all[self.server]
        await server.kill()
        await asyncio.sleep(1)
        await server.start()
        back = time.monotonic()
        query = "SELECT count(*) FROM executions WHERE status = 'COMPLETED' AND start_time > $1"
        now = await rig.value("SELECT clock_timestamp()")
        await rig.until("SELECT (" + query + ") >= 200", now)
        again = time.monotonic() - back
        await asyncio.sleep(5)
        return {"working_again_s": round(again, 2)}

    async def check(self, rig: Rig) -> list[str]:
        problems = await rig.check()
        await self._target.stop()
        return problems


class PostgresKill(ServerKill):
    title, server = "PostgreSQL killed and restarted under 200 jobs/s", "postgres"


class RabbitKill(ServerKill):
    title, server = "RabbitMQ killed and restarted under 200 jobs/s", "rabbitmq"


class ZooKeeperKill(ServerKill):
    title, server = "ZooKeeper killed and restarted under 200 jobs/s", "zookeeper"


CAMPAIGNS: dict[str, Campaign] = {
    "leader-kill": LeaderKill(),
    "leader-term": LeaderTerm(),
    "leader-reset": LeaderReset(),
    "leader-stop": LeaderStop(),
    "zookeeper-away": ZooKeeperAway(),
    "worker-kill": WorkerKill(),
    "worker-stop": WorkerStop(),
    "postgres-kill": PostgresKill(),
    "rabbitmq-kill": RabbitKill(),
    "zookeeper-kill": ZooKeeperKill(),
    "delays": Delays(),
    "http-600": Http600(),
    "operation-kill": OperationKill(),
    "storm": STORM,
}
