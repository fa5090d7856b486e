"""The long comparison of the product's fire times with the minute scan.

    PYTHONPATH=tools:tests python -m oracle.campaign --cases 100000 --shard 1/2 --resume .local/oracle-1.json

Prints progress and each difference; ends with 1 if there is one. With --resume the state is kept in that file
and taken up again from there. Each 499th case looks at every minute of its 400 days.
"""

import argparse
import json
import sys
import time
import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from foliot.common.schedules.errors import ScheduleError
from foliot.common.schedules.timetable import from_fields
from oracle.cases import Case, case
from oracle.expression import Expression
from oracle.scan import Scan
from shards import shard

FIRINGS = 20
SPAN = timedelta(days=400)
FULL_SCAN_EACH = 499
SAVED_EACH = 10.0


def compare(drawn: Case, *, every_minute: bool = False) -> tuple[int, str | None]:
    """-> (ticks compared, what differs or None)."""
    until = drawn.after + SPAN
    try:
        table = from_fields(
            schedule=drawn.expression,
            timezone=drawn.zone,
            dst_gap=drawn.dst_gap,
            dst_overlap=drawn.dst_overlap,
            anchor=drawn.after,
        )
    except ScheduleError as error:
        refused = "never fires" in error.message and not Expression(drawn.expression).ever()
        return 0, None if refused else f"{drawn}: refused: {error.message}"
    got = table.ticks(drawn.after, until, FIRINGS)
    if not all(table.next_after(before) == tick for before, tick in pairwise([drawn.after, *got])):
        return 0, f"{drawn}: ticks and next_after differ"
    scan = Scan(drawn.expression, ZoneInfo(drawn.zone), drawn.dst_gap, drawn.dst_overlap)
    expected = scan.ticks(drawn.after, until, FIRINGS, every_minute=every_minute)
    return len(
        expected
    ), None if got == expected else f"{drawn}:\n  got      {_told(got)}\n  expected {_told(expected)}"


def _told(ticks: list[datetime]) -> str:
    return " ".join(tick.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for tick in ticks)


class State:
    """The progress of a shard; a JSON file if it is to be kept."""

    def __init__(self, path: Path | None, identity: dict[str, object]) -> None:
        self._path = path
        self._identity = identity
        self.done = self.ticks = self.full_scans = 0
        self.cpu = 0.0
        self.differences: list[str] = []
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            if kept.pop("identity") != identity:
                sys.exit(f"{path} belongs to another campaign; remove it or name another file")
            vars(self).update(kept)

    def save(self) -> None:
        if self._path is None:
            return
        kept = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps({"identity": self._identity, **kept}, indent=1))
        partial.replace(self._path)

    def line(self) -> str:
        return (
            f"{self.done} cases, {self.ticks} ticks, {self.full_scans} full scans, "
            f"{len(self.differences)} differences, {self.cpu:.0f} s CPU"
        )


def run(state: State, numbers: range, seed: str) -> None:
    """All cases of a shard that are not done yet."""
    saved, cpu_before = time.monotonic(), time.process_time()
    for number in numbers[state.done :]:
        full = number % FULL_SCAN_EACH == 0
        ticks, difference = compare(case(number, seed), every_minute=full)
        state.done += 1
        state.ticks += ticks
        state.full_scans += full
        if difference is not None:
            state.differences.append(f"case {number}: {difference}")
            print(state.differences[-1], flush=True)
        if time.monotonic() - saved > SAVED_EACH or state.done == len(numbers):
            state.cpu += time.process_time() - cpu_before
            saved, cpu_before = time.monotonic(), time.process_time()
            state.save()
            print(f"of {len(numbers)}: {state.line()}", flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="oracle.campaign", description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("--cases", type=int, default=100_000, help="of all shards together")
    arguments.add_argument("--shard", type=shard, default="1/1", help="i/n, i from 1 to n")
    arguments.add_argument("--seed", default="foliot")
    arguments.add_argument("--resume", type=Path, metavar="FILE", help="keep the state there")
    given = arguments.parse_args()
    zoneinfo.reset_tzpath([])
    identity = {"cases": given.cases, "shard": str(given.shard), "seed": given.seed}
    state = State(given.resume, identity)
    run(state, range(given.cases)[given.shard.part], given.seed)
    print(f"shard {given.shard} of {given.cases} cases, seed {given.seed!r}: {state.line()}")
    return 1 if state.differences else 0


if __name__ == "__main__":
    sys.exit(main())
