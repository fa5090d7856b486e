"""cronsim as a second oracle: same cases under its only DST rule (shift, first), each disagreement judged.

    PYTHONPATH=tools:tests python -m oracle.second --cases 20000

The minute scan says who is right. Ends with 1 if it is not the product, or for no known reason. Known are:

- `a-a/n` is one value (Vixie cron steps within the range); cronsim reads it as `a/n`.
- Six fields: Foliot's rules hold for them too; cronsim lets them follow elapsed time.
- Wildcard expressions around an offset change fire at each matching local time there is; cronsim goes on in
  whole UTC hours from the change and passes over some, or fires at a time of the following day.
- A date that never comes is refused at the door; cronsim takes it and looks for it.
- Where an overlap reaches midnight (Colombo 2006) cronsim may go round for ever; it is stopped after 5 s of CPU.
"""

import argparse
import re
import signal
import sys
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.grammar import parse
from foliot.common.schedules.kinds import Cron
from foliot.common.schedules.timetable import from_fields
from oracle.campaign import FIRINGS, SPAN
from oracle.cases import Case, case, offset_changes
from oracle.expression import Expression
from oracle.scan import Scan

EQUAL_RANGE_WITH_STEP = "a-a/n"
SIX_FIELDS = "six fields"
WILDCARD_AT_CHANGE = "wildcard at an offset change"
ENDLESS = "cronsim does not end"
NO_SUCH_DATE = "cronsim accepts a date that never comes"


class EndlessError(Exception):
    """cronsim used up its time."""


@contextmanager
def bounded(cpu_seconds: float) -> Iterator[None]:
    """Raises EndlessError when the block has used that much CPU; main thread only."""

    def stop(_signal: int, _frame: object) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cronsim_ticks(drawn: Case) -> list[datetime]:
    """The first ticks by cronsim, which writes the last Friday 5L. Raises CronSimError."""
    expression = re.sub(r"\bL([0-7])", r"\1L", drawn.expression, flags=re.IGNORECASE)
    found: list[datetime] = []
    for tick in CronSim(expression, drawn.after.astimezone(ZoneInfo(drawn.zone))):
        if tick.astimezone(UTC) > drawn.after + SPAN or len(found) == FIRINGS:
            break
        found.append(tick.astimezone(UTC))
    return found


def disagreement(drawn: Case) -> tuple[str, str] | None:
    """-> (reason, the case and what both say), or None if both say the same.

    The reason is empty if it is not a known one, or if the minute scan contradicts the product.
    """
    told = f"{drawn.expression!r} {drawn.zone} after {drawn.after}"
    try:
        cron = parse(drawn.expression)
    except ScheduleError as error:
        never = "never fires" in error.message and not Expression(drawn.expression).ever()
        return _refused(drawn, NO_SUCH_DATE if never else "", f"{told}: {error.message}")
    assert isinstance(cron, Cron)
    ours = from_fields(schedule=drawn.expression, timezone=drawn.zone, anchor=drawn.after).ticks(
        drawn.after, drawn.after + SPAN, FIRINGS
    )
    try:
        with bounded(5):
            theirs = cronsim_ticks(drawn)
    except EndlessError:
        return ENDLESS if _scan_agrees(drawn, ours) else "", told
    if ours == theirs:
        return None
    first = min(set(ours) ^ set(theirs))
    who = "Foliot" if first in ours else "cronsim"
    reason = _reason(drawn, cron, ours + theirs) if _scan_agrees(drawn, ours) else ""
    return reason, f"{told}: only {who} fires at {first}"


def _scan_agrees(drawn: Case, ours: list[datetime]) -> bool:
    scan = Scan(drawn.expression, ZoneInfo(drawn.zone), "shift", "first")
    return scan.ticks(drawn.after, drawn.after + SPAN, FIRINGS) == ours


def _refused(drawn: Case, reason: str, told: str) -> tuple[str, str] | None:
    try:
        CronSim(drawn.expression, drawn.after)
    except CronSimError:
        return None
    return reason, told


def _reason(drawn: Case, cron: Cron, ticks: list[datetime]) -> str:
    if re.search(r"\b(\w+)-\1/", drawn.expression):
        return EQUAL_RANGE_WITH_STEP
    margin = timedelta(days=2)
    changed = any(drawn.after - margin < change.at < max(ticks) + margin for change in offset_changes(drawn.zone))
    if changed and cron.fixed_time and len(drawn.expression.split()) == 6:
        return SIX_FIELDS
    return WILDCARD_AT_CHANGE if changed and not cron.fixed_time else ""


def main() -> int:
    arguments = argparse.ArgumentParser(prog="oracle.second", description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("--cases", type=int, default=20_000)
    arguments.add_argument("--seed", default="second")
    given = arguments.parse_args()
    zoneinfo.reset_tzpath([])
    reasons: Counter[str] = Counter()
    for number in range(given.cases):
        found = disagreement(case(number, given.seed))
        if found is not None:
            reasons[found[0]] += 1
            print(f"[{found[0] or 'NOT KNOWN'}] {found[1]}", flush=True)
    print(f"{given.cases} cases, {sum(reasons.values())} disagreements: {dict(reasons)}")
    return 1 if reasons[""] else 0


if __name__ == "__main__":
    sys.exit(main())
