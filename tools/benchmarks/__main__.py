"""`make bench`: measures, shows progress and a table, and keeps every figure as JSON.

Rounds interleave what is compared (A B C A B C), all on the same servers. An interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
import time
import zoneinfo

import uvloop

from benchmarks.results import Results, Settings, commit
from benchmarks.rig import Rig, open_rig
from benchmarks.suites import SUITES, Cell, Suite
from benchmarks.table import print_table
from cluster.errors import ClusterError
from cluster.layout import Layout

QUICK_SECONDS = 5
QUICK = ("peers", "post")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=[*SUITES, "all"])
    parser.add_argument(
        "--quick", action="store_true", help="one round of 5 s each, for a first look: short runs flatter"
    )
    parser.add_argument("--replica", action="store_true", help="with a streaming replica beside the primary")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="how long one measurement lasts, about")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slots", type=int, default=500, help="of each worker")
    return parser.parse_args()


def settings_of(given: argparse.Namespace, suite: str) -> Settings:
    return Settings(
        suite=suite,
        quick=given.quick,
        replica=given.replica,
        rounds=given.rounds or (1 if given.quick else SUITES[suite].rounds),
        seconds=given.seconds or (QUICK_SECONDS if given.quick else 60),
        workers=given.workers,
        slots=given.slots,
        commit=commit(),
    )


async def run(suite: Suite, settings: Settings) -> bool:
    """All rounds of a suite; False if a check found something wrong."""
    home = Layout.from_environment().directory / "bench"
    results = Results.open(home, settings)
    print(f"{settings.title}: {settings.rounds} rounds of {', '.join(cell.name for cell in suite.cells)}")
    print(f"  figures in {results.directory}", flush=True)
    async with open_rig(home, settings) as rig:
        for round_ in range(1, settings.rounds + 1):
            for cell in suite.cells:
                if results.get(cell.name, round_) is None:
                    await measure(cell, rig, results, round_)
    results.finish()
    print_table(suite, results)
    return not any(f["problems"] for cell in suite.cells for f in results.rounds(cell.name))


async def measure(cell: Cell, rig: Rig, results: Results, round_: int) -> None:
    begun = time.monotonic()
    print(f"  {round_}/{rig.settings.rounds} {cell.name} ...", flush=True)
    pace = yardstick()
    figures = await cell.measure(rig, results, round_)
    figures["yardstick_ms"] = round((pace + yardstick()) / 2, 1)
    results.put(cell.name, round_, figures)
    shown = ", ".join(f"{name} {value:,}" for name, value in figures.items() if isinstance(value, int | float))
    print(f"  {round_}/{rig.settings.rounds} {cell.name}: {shown}  ({time.monotonic() - begun:.0f} s)", flush=True)
    for problem in figures["problems"]:
        print(f"      PROBLEM {problem}", flush=True)


def yardstick() -> float:
    """CPU, in ms, of a fixed piece of work, best of five: neighbours on the machine change its pace within the hour."""

    def once() -> float:
        begun = time.process_time()
        made = {number % 4096: (number, str(number)) for number in range(100_000)}
        took = time.process_time() - begun
        assert len(made) == 4096
        return took * 1000

    return min(once() for _ in range(5))


def main() -> None:
    zoneinfo.reset_tzpath([])
    given = arguments()
    every = QUICK if given.quick else [name for name, suite in SUITES.items() if suite.part_of_all]
    names = every if given.suite == "all" else [given.suite]
    try:
        good = [uvloop.run(run(SUITES[name], settings_of(given, name))) for name in names]
    except ClusterError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on where it was")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
