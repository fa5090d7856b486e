"""The rules of ticks and policies, written a second time: shares no code with the product."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from oracle.scan import Scan

DAWN = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""The start of each story: the evening before Berlin's clocks go back."""
HORIZON = DAWN + timedelta(days=4)
SPRING = datetime(2026, 3, 29, tzinfo=UTC)
"""An hour before Berlin's clocks go forward: other stories begin here."""
WINDOWS = ((SPRING - timedelta(hours=1), SPRING + timedelta(days=1)), (DAWN - timedelta(hours=1), HORIZON))
"""The times for which cron expressions are scanned."""
MOMENT = timedelta(milliseconds=100)
"""Time stands on whole seconds and each call of the clock adds a microsecond; ticks lie within a moment of them."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A definition as the model sees it. `every` in seconds, or a cron expression, or a single instant."""

    every: int | None = None
    cron: str | None = None
    once: datetime | None = None
    zone: str = "UTC"
    dst_gap: str = "shift"
    dst_overlap: str = "first"
    anchor: datetime
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_runs: int | None = None
    overlap: str = "skip"
    misfire: str = "run_once"
    grace: int = 60
    limit: int = 100
    shadow: bool = False

    def ticks(self, after: datetime, until: datetime) -> list[datetime]:
        """All in (after, until]."""
        found: Iterable[datetime]
        if self.once is not None:
            found = [self.once]
        elif self.every is not None:
            first = self.start_at or self.anchor + timedelta(seconds=self.every)
            found = [
                first + n * timedelta(seconds=self.every)
                for n in range(int((until - first).total_seconds() // self.every) + 1)
            ]
        else:
            assert self.cron is not None
            found = scanned(self.cron, self.zone, self.dst_gap, self.dst_overlap)
        low, high = self.start_at or after, self.end_at or HORIZON
        return [tick for tick in found if after < tick <= until and low <= tick <= high]


@cache
def scanned(expression: str, zone: str, dst_gap: str, dst_overlap: str) -> list[datetime]:
    """By looking at the clock on the wall, minute by minute."""
    scan = Scan(expression, ZoneInfo(zone), dst_gap, dst_overlap)
    return [tick for begin, end in WINDOWS for tick in scan.ticks(begin, end, 10**6, every_minute=True)]


class Period(msgspec.Struct, kw_only=True):
    """From `begin` (exclusive) to `end` the job had these rules."""

    begin: datetime
    end: datetime | None = None
    rules: Rules
    paused: bool = False


class Planned(msgspec.Struct, frozen=True):
    """One row that the planner has to write. `waits`: for an earlier run."""

    tick: datetime
    reason: str | None = None
    waits: bool = False


class Life:
    """One job's periods; knows which ticks are expected, and which of them ran as far as it is told."""

    def __init__(self, begin: datetime, rules: Rules) -> None:
        self.periods = [Period(begin=begin, rules=rules)]
        self.over = False

    @property
    def rules(self) -> Rules:
        return self.periods[-1].rules

    @property
    def paused(self) -> bool:
        return self.periods[-1].paused

    def change(self, now: datetime, *, rules: Rules | None = None, paused: bool | None = None) -> None:
        last = self.periods[-1]
        last.end = now
        self.periods.append(
            Period(begin=now, rules=rules or last.rules, paused=last.paused if paused is None else paused)
        )

    def finish(self, now: datetime) -> None:
        self.periods[-1].end = now
        self.over = True

    def expected(self, now: datetime, covered: Collection[datetime], ran: set[datetime]) -> list[datetime]:
        """Up to `now`, oldest first; the ledger says which ticks are covered (a single one may have been before a
        pause) and which of them ran (they count towards max_runs)."""
        found: list[datetime] = []
        runs = 0
        for place, period in enumerate(self.periods):
            for tick in self._ticks(place, period, now, covered):
                if period.rules.max_runs is not None and runs >= period.rules.max_runs:
                    break
                found.append(tick)
                runs += tick in ran
        return found

    def _ticks(self, place: int, period: Period, now: datetime, covered: Collection[datetime]) -> list[datetime]:
        rules, end = period.rules, min(period.end or now, now)
        if rules.once is None:
            return [] if period.paused else rules.ticks(period.begin, end)
        following = self.periods[place + 1] if place + 1 < len(self.periods) else None
        if following is not None and following.rules.once == rules.once:
            return []  # a single tick belongs to the last period that has it: it waits through pauses
        if following is None and period.paused and not self.over and rules.once not in covered:
            return []
        return rules.ticks(DAWN - timedelta(days=9), end)


class Open(msgspec.Struct, frozen=True):
    """An open run as the ledger shows it. `begun`: when it came to be; ticks before that did not meet it."""

    waits: bool
    running: bool
    begun: datetime


def decide(rules: Rules, due: list[datetime], now: datetime, runs: int, open_runs: list[Open]) -> list[Planned]:
    """The rows for `due`, given how many ticks ran so far and what is open."""
    late = [tick for tick in due if tick < now - timedelta(seconds=rules.grace)]
    kept_late = {"skip": [], "run_once": late[-1:], "run_all": late[-rules.limit :]}[rules.misfire]
    dropped = [Planned(tick, "misfire") for tick in late if tick not in kept_late]
    kept = kept_late + due[len(late) :]
    in_time = not late and len(due) == 1
    met = [tick for tick in kept if open_runs and (in_time or any(run.begun <= tick for run in open_runs))]
    left = 10**9 if rules.max_runs is None else max(0, rules.max_runs - runs)
    found, ran = [*dropped] if left else [], 0
    for plan in _kept(rules, kept, met, open_runs, left):
        if ran == left:
            break
        found.append(plan)
        ran += plan.reason is None
    return found


def _kept(
    rules: Rules, kept: list[datetime], met: list[datetime], open_runs: list[Open], left: int
) -> Iterator[Planned]:
    """Tick by tick: `met` found an open run at their own time and follow the overlap policy, the others are caught up."""
    if rules.shadow:
        yield from (Planned(tick, "shadow") for tick in kept)
        return
    if rules.overlap == "allow":
        yield from (Planned(tick) for tick in kept)
        return
    cancels = rules.overlap == "cancel_running" and bool(met) and len(kept) - len(met) < left
    blocked = any(run.running for run in open_runs) if cancels else bool(open_runs)
    one_waits = any(run.waits for run in open_runs)
    for tick in kept:
        if tick not in met or (cancels and tick == kept[-1]):
            yield Planned(tick, waits=blocked)
            one_waits, blocked = one_waits or blocked, True
        elif rules.overlap == "queue_one" and not one_waits:
            yield Planned(tick, waits=True)
            one_waits = True
        else:
            yield Planned(tick, "overlap")
