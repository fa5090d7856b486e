"""Stories of jobs that hypothesis makes up: after each step the ledger says what the model says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import asyncpg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from foliot.common.errors import Fenced
from planning.ledger import Ledger
from planning.model import HORIZON, Life, Open, Planned, decide
from planning.strategies import AFTER_THE_NEXT_TICK, BEFOREHAND, JOBS, POLICIES, SCHEDULES, WINDOWS
from planning.translation import definition_fields, edited_rules, rules_of, window_fields
from planning.world import Died, MortalDatabase, World

_Result = TypeVar("_Result")


class Story(RuleBasedStateMachine):
    """Up to three jobs; `world` is set before the first story."""

    world: World

    @initialize(schedule=SCHEDULES, policies=POLICIES, window=WINDOWS)
    def begin(self, schedule: dict[str, Any], policies: dict[str, Any], window: dict[str, Any]) -> None:
        self.jobs: list[int] = []
        self.lives: dict[int, Life] = {}
        self.overlapping: set[int] = set()
        self.ledger = Ledger(self.world)
        self._do(self.world.begin())
        self.create(schedule, policies, window)

    # What people do.

    @precondition(lambda self: len(self.jobs) < 3)
    @rule(schedule=SCHEDULES, policies=POLICIES, window=WINDOWS)
    def create(self, schedule: dict[str, Any], policies: dict[str, Any], window: dict[str, Any]) -> None:
        body = definition_fields(schedule, self.world.now) | policies
        single = "once" in schedule or schedule.get("schedule") == "immediate"
        body |= {
            name: value
            for name, value in window_fields(window, self.world.now).items()
            if not single or name == "jitter_seconds"
        }
        status, job = self._do(
            self.world.call(
                "POST", "/v1/jobs",
                body | {"job_name": "a story", "job_type": "script", "payload": {"script": "true"},
                        "retry_policy": {"max_retries": 1, "backoff_factor": 2}},
            )
        )  # fmt: skip
        if status == 422:  # no tick lies in the window
            return
        assert status == 201, job
        job_id = job["job_id"]
        self.jobs.append(job_id)
        self.lives[job_id] = Life(self.world.now, rules_of(job, datetime.fromisoformat(job["created_at"])))
        if body["overlap_policy"] == "allow":
            self.overlapping.add(job_id)

    @rule(which=JOBS, schedule=SCHEDULES, beforehand=BEFOREHAND)
    def edit_schedule(self, which: int, schedule: dict[str, Any], beforehand: Any) -> None:
        self._live(beforehand)
        self._edit(
            which,
            {"timezone": None, "dst_overlap": None, "start_at": None, "end_at": None}
            | definition_fields(schedule, self.world.now),
        )

    @rule(which=JOBS, window=WINDOWS, beforehand=BEFOREHAND)
    def edit_window(self, which: int, window: dict[str, Any], beforehand: Any) -> None:
        self._live(beforehand)
        if self._life(which) is not None and self._life(which).rules.once is None:
            self._edit(which, window_fields(window, self.world.now))

    @rule(which=JOBS, policies=POLICIES, beforehand=BEFOREHAND)
    def edit_policies(self, which: int, policies: dict[str, Any], beforehand: Any) -> None:
        self._live(beforehand)
        self._edit(which, policies)

    @rule(which=JOBS, what=st.sampled_from(["pause", "resume", "pause", "resume", "cancel"]), beforehand=BEFOREHAND)
    def step(self, which: int, what: str, beforehand: Any) -> None:
        self._live(beforehand)
        life = self._life(which)
        if life is None or self._post(which, what)[0] != 200:
            return
        if what == "cancel":
            life.finish(self.world.now)
        else:
            life.change(self.world.now, paused=what == "pause")

    @rule(which=JOBS, policy=st.sampled_from([None, "allow", "queue_one", "cancel_running"]), beforehand=BEFOREHAND)
    def run_now(self, which: int, policy: str | None, beforehand: Any) -> None:
        self._live(beforehand)
        if self._life(which) is None:
            return
        status, _ = self._post(which, "run", {} if policy is None else {"overlap_policy": policy})
        if status == 202 and policy == "allow":
            self.overlapping.add(self._job(which))

    # What time, leaders and workers do.

    @rule(beforehand=BEFOREHAND)
    def time_passes(self, beforehand: Any) -> None:
        self._live(beforehand)

    @rule(seconds=AFTER_THE_NEXT_TICK)
    def time_passes_without_a_leader(self, seconds: int) -> None:
        (row,) = self.world.run(self.world.rows("SELECT min(next_run_time) AS next FROM jobs WHERE status = 'PENDING'"))
        now = self.world.now.replace(microsecond=0)
        ceiling = row["next"] + timedelta(seconds=row["next"].microsecond > 0) if row["next"] else now
        at = max(now, ceiling.replace(microsecond=0)) + timedelta(seconds=seconds)
        if at < HORIZON - timedelta(days=1):
            self._do(self.world.pass_to(at))

    def _live(self, beforehand: list[tuple[int, str, int]]) -> None:
        for seconds, work, which in beforehand:
            self.time_passes_without_a_leader(seconds)
            if work != "no leader":
                self._plan(self.world.planner().step)
                self._work(work, which)

    def _work(self, work: str, which: int) -> None:
        if work == "start":
            rows = self.ledger.rows(
                lambda row: row["status"] == "QUEUED" and (row["available_at"] or HORIZON) <= self.world.now
            )
            if rows:
                self._do(self.world.claim(rows[which % len(rows)]["execution_id"]))
        elif work != "none":
            rows = self.ledger.rows(lambda row: row["status"] == "RUNNING")
            if rows:
                status = "COMPLETED" if work == "complete" else ("FAILED", "TIMEOUT")[which % 2]
                self._do(self.world.finish(rows[which % len(rows)], status))

    @rule()
    def two_plan_at_once(self) -> None:
        planners = [self.world.planner(), self.world.planner()]

        async def both() -> None:
            await asyncio.gather(*(planner.step() for planner in planners))

        self._plan(both)

    @rule(before=st.booleans())
    def a_leader_dies_at_its_commit(self, before: bool) -> None:
        planner = self.world.planner(MortalDatabase(self.world.units, before))

        async def dying() -> None:
            with contextlib.suppress(Died):
                await planner.step()

        if before:
            ledger = self.ledger.ids()
            self._do(dying())
            assert self.ledger.ids() == ledger
        else:
            self._plan(dying)
        self._do(self.world.take_over())

    @rule()
    def a_former_leader_plans(self) -> None:
        former, ledger = self.world.planner(), self.ledger.ids()
        self._do(self.world.take_over())

        async def fenced() -> None:
            with contextlib.suppress(Fenced):
                await former.step()

        self._do(fenced())
        assert self.ledger.ids() == ledger

    @rule()
    def reconcile(self) -> None:
        self._do(self.world.reconcile())
        rested = """SELECT count(*) AS n FROM jobs j WHERE status = 'PENDING' AND next_run_time IS NULL AND NOT EXISTS (
            SELECT FROM executions e WHERE e.job_id = j.job_id AND e.end_time IS NULL)"""
        assert self._do(self.world.rows(rested))[0]["n"] == 0

    # What must be true.

    @invariant()
    def runs_of_a_job_follow_one_another(self) -> None:
        if not hasattr(self, "jobs"):
            return
        for job_id in self.jobs:
            rows = self.ledger.open(job_id)
            going = {row["scheduled_time"] for row in rows if row["available_at"] is not None}
            waiting = [row for row in rows if row["available_at"] is None]
            assert len(going) == len([r for r in rows if r["available_at"] is not None]), "two open attempts of a run"
            assert len(going) <= 1 or job_id in self.overlapping, rows
            assert going or not waiting, "a run waits for nothing"
            (job,) = self.world.run(self.world.rows("SELECT open_since FROM jobs WHERE job_id = $1", job_id))
            assert not rows or job["open_since"] <= min(row["scheduled_time"] for row in rows)

    @invariant()
    def nothing_is_covered_twice_or_without_being_expected(self) -> None:
        for job_id, life in getattr(self, "lives", {}).items():
            covered, ran = self.ledger.covered(job_id, life)
            expected = set(life.expected(self.world.now, covered, ran))
            assert len(covered) == len(set(covered))
            assert set(covered) <= expected, (set(covered) - expected, life.periods)

    def teardown(self) -> None:
        """In the end nothing that was expected is without a trace."""
        if not hasattr(self, "jobs"):
            return
        self._plan(self.world.planner().step)
        for job_id, life in self.lives.items():
            covered, ran = self.ledger.covered(job_id, life)
            assert covered == life.expected(self.world.now, covered, ran), life.periods

    # How it is looked at.

    def _plan(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Do the work of a planner; every job that was due has exactly the rows that the model gives it."""
        wanted = {}
        for job_id, life in self.lives.items():
            covered, ran = self.ledger.covered(job_id, life)
            due = sorted(set(life.expected(self.world.now, covered, ran)) - set(covered))
            if due and not life.over and not life.paused:
                open_runs = [
                    Open(
                        waits=row["available_at"] is None,
                        running=row["status"] == "RUNNING",
                        begun=row["scheduled_time"] if row["trigger"] == "retry" else row["created_at"],
                    )
                    for row in self.ledger.open(job_id)
                ]
                wanted[job_id] = decide(life.rules, due, self.world.now, len(ran), open_runs)
        ledger = self.ledger.ids()
        self._do(work())
        written = self.ledger.rows(lambda row: row["execution_id"] not in ledger)
        for job_id in self.jobs:
            made = [row for row in written if row["job_id"] == job_id]
            self._compare(self.lives[job_id], made, wanted.get(job_id, []))

    def _compare(self, life: Life, made: list[asyncpg.Record], wanted: list[Planned]) -> None:
        skips = [plan.tick for plan in wanted if plan.reason is not None]
        reasons = {plan.reason for plan in wanted} - {None}
        covered = [tick for row in made if row["status"] == "SKIPPED" for tick in self.ledger.ticks_of(life, row)]
        assert covered == skips, (made, wanted)
        assert {row["error_message"] for row in made if row["status"] == "SKIPPED"} == reasons
        runs = [(row["scheduled_time"], row["available_at"] is None) for row in made if row["status"] == "QUEUED"]
        assert runs == [(plan.tick, plan.waits) for plan in wanted if plan.reason is None], (made, wanted)
        for row in made:
            if row["available_at"] is not None and row["available_at"] < self.world.now - timedelta(seconds=31):
                assert timedelta(0) <= row["available_at"] - row["scheduled_time"] <= timedelta(seconds=30)

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Something that may change the ledger."""
        self.ledger.forget()
        return self.world.run(work)

    def _life(self, which: int) -> Any:
        return self.lives[self._job(which)] if self.jobs else None

    def _job(self, which: int) -> int:
        return self.jobs[which % len(self.jobs)]

    def _post(self, which: int, step: str, body: Any = None) -> tuple[int, Any]:
        return self._do(self.world.call("POST", f"/v1/jobs/{self._job(which)}/{step}", body))

    def _edit(self, which: int, patch: dict[str, Any]) -> None:
        life = self._life(which)
        if life is None or life.over:
            return
        stored = "SELECT status FROM jobs WHERE job_id = $1"
        (before,) = self.world.run(self.world.rows(stored, self._job(which)))
        status, job = self._do(self.world.call("PATCH", f"/v1/jobs/{self._job(which)}", patch))
        if status != 200:
            assert status in (409, 422), job
            return
        rules = edited_rules(job, life.rules, scheduled="schedule" in patch)
        armed_again = before["status"] in ("COMPLETED", "FAILED") and job["status"] not in ("COMPLETED", "FAILED")
        life.change(self.world.now, rules=rules, paused=False if armed_again else None)  # it ended in its pause
        if rules.overlap == "allow":
            self.overlapping.add(self._job(which))


def story_of(world: World) -> type[Story]:
    return type("StoryOf", (Story,), {"world": world})
