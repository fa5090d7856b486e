"""The cast of a story: what its schedulers, its workers and its callers may do next."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from simulate.statements.actors.api import Callers
from simulate.statements.actors.bulk import BulkCallers
from simulate.statements.actors.scheduler import Scheduler
from simulate.statements.actors.worker import Worker
from simulate.statements.definitions import a_definition, a_patch, a_set

Act = Callable[[], object]
Menu = list[tuple[str, Act]]
MOST_JOBS = 4
OVERRIDES: tuple[dict[str, str], ...] = ({}, {"overlap_policy": "allow"}, {"overlap_policy": "queue_one"})
SELDOM = 0.3
"""The chance of an act that ends a job or a worker, when it is drawn."""

KEY = "a key"
"""Of the one job of a story that callers put by key."""
RESTORES = 4
"""How often a restore stands in the menu beside a job that somebody cancelled or deleted."""


class Cast:
    def __init__(
        self,
        schedulers: Sequence[Scheduler], workers: Sequence[Worker], jobs: Sequence[int], callers: Callers,
        bulk: BulkCallers,
    ) -> None:  # fmt: skip
        self._leaders = [one for one in schedulers if one.leads][-2:]
        self._workers = [one for one in workers if one.lives]
        self._jobs = jobs
        self._callers = callers
        self._bulk = bulk

    def any_act(self, draw: random.Random, now: datetime) -> Act:
        """Callers do most: what they change meets what others do."""
        menus = (self.callers_may(draw, now), self.schedulers_may(), self.workers_may(draw))
        (menu,) = draw.choices([menu or menus[0] for menu in menus], (5, 3, 2))
        return draw.choice(menu)[1]

    def schedulers_may(self) -> Menu:
        """The present leader and the one before it, which does not know."""
        menu: Menu = []
        for scheduler in self._leaders:
            who = "leader" if scheduler is self._leaders[-1] else "former"
            menu += [(f"{who} {name}", partial(scheduler.act, name)) for name in (*scheduler.acts(), "plan")]
        return menu

    def workers_may(self, draw: random.Random) -> Menu:
        menu: Menu = []
        for worker in self._workers:
            menu += [
                ("worker beats", worker.beats), ("worker receives", worker.receives),
                ("worker hands back", worker.hands_back),
                ("worker is cut off", partial(worker.is_cut_off, draw.random() < 0.6)),
            ]  # fmt: skip
            if draw.random() < SELDOM:
                menu += [("worker dies", worker.dies), ("worker stops", worker.stops)]
        return menu

    def callers_may(self, draw: random.Random, now: datetime) -> Menu:
        callers, menu = self._callers, list[tuple[str, Act]]()
        for job_id in self._jobs:
            menu += [
                ("run", partial(callers.run, job_id, draw.choice(OVERRIDES))),
                ("edit", partial(callers.edit, job_id, a_patch(draw))),
                ("pause", partial(callers.pause, job_id)), ("resume", partial(callers.resume, job_id)),
                ("replay", partial(callers.replay, job_id)), ("discard", partial(callers.discard, job_id)),
            ]  # fmt: skip
            if draw.random() < SELDOM:
                menu += [("cancel", partial(callers.cancel, job_id)), ("delete", partial(callers.delete, job_id))]
                menu.append(("roll back", partial(callers.roll_back, job_id, draw.choice([1, 2]))))
            if callers.ended(job_id):  # of most ended jobs this is refused, in most stories nothing is restored
                menu += RESTORES * [("restore", partial(callers.restore, job_id))]
        if len(self._jobs) < MOST_JOBS:
            menu.append(("create", lambda: callers.create(a_definition(draw, now))))
            menu.append(("put", lambda: callers.put(KEY, a_definition(draw, now))))
        return menu + self._many(draw, now)

    def _many(self, draw: random.Random, now: datetime) -> Menu:
        """Changes of many jobs, in any order of them; and now and then all chunks that are to be done."""
        bulk, count = self._bulk, len(self._jobs)
        meant = draw.sample(self._jobs, draw.randint(min(1, count), count))
        action = draw.choice(("run", "pause", "resume", "label"))
        if draw.random() < SELDOM:
            action = draw.choice(("cancel", "delete"))
        menu: Menu = [
            ("many", partial(bulk.act, action, meant)), ("operate", partial(bulk.operate, action, meant)),
            ("chunks", bulk.chunks), ("chunks", bulk.chunks),
        ]  # fmt: skip
        if len(self._jobs) < MOST_JOBS:
            menu.append(("apply", partial(bulk.apply, a_set(draw, now))))
        return menu
