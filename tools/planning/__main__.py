"""`make planner-model`, `make planner-bars`: the long forms of what `make test` takes a sample of.

`python -m planning model --examples 2000` makes up stories and compares the ledger with the model after each step.
`python -m planning bars` plans after a two-hour outage of 1,000 minutely jobs of each misfire policy, and 50,000 jobs due
at one instant.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
import traceback
import zoneinfo
from collections.abc import AsyncIterator
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.servers import start_servers
from foliot.common.ledger.database import Database
from foliot.common.migrate import migrate
from foliot.common.process.logs.setup import configure
from foliot.scheduler.unit import Unit
from planning.bars import NOON, outage, plan_all
from planning.filling import a_planner, fill
from planning.machine import story_of
from planning.world import World
from support.costs import cpu_seconds
from support.databases import TestDatabase
from support.pinned_time import pin_time

REPOSITORY = Path(__file__).parents[2]
BAR = 0.05


@contextlib.asynccontextmanager
async def a_database() -> AsyncIterator[TestDatabase]:
    with tempfile.TemporaryDirectory(prefix="foliot-planning-") as directory:
        async with start_servers(Path(directory)) as servers:
            passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
            await migrate(servers.database_url, REPOSITORY / "sql" / "migrations", passwords)
            yield TestDatabase(servers.database_url)


async def model(examples: int, steps: int) -> bool:
    """In a thread of its own, since the machine runs its own event loop."""
    async with a_database() as database:
        await asyncio.to_thread(tell_stories, database, examples, steps)
    print(f"{examples} stories of up to {steps} steps: the ledger said what the model says after each")
    return True


def tell_stories(database: TestDatabase, examples: int, steps: int) -> None:
    world = World(database)
    world.run(world.open())
    try:
        run_state_machine_as_test(
            story_of(world),
            settings=settings(
                max_examples=examples, stateful_step_count=steps, deadline=None, database=None, print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        world.close()


async def bars(jobs: int, crowd: int) -> bool:
    async with a_database() as database:
        await pin_time(database, NOON)
        async with database.owner() as sql, Database(database.url("scheduler"), Unit, size=8, name="bars") as units:
            started = time.monotonic()
            figures, problems = await outage(units, sql, jobs, cpu_seconds)
            taken = time.monotonic() - started
            print(
                f"outage of 2 h, {jobs} minutely jobs of each misfire policy: {len(problems)} jobs whose counts are wrong"
            )
            print(f"  {figures.steps} steps in {taken:.1f} s, slowest callback {figures.slowest * 1000:.1f} ms of CPU")
            for problem in problems[:10]:
                print(f"  PROBLEM {problem}")
            good = not problems and figures.slowest < BAR
            await sql.execute("TRUNCATE jobs, listed_jobs, executions")
            await fill(sql, crowd, schedule="0 * * * *", due=NOON)
            started = time.monotonic()
            figures = await plan_all(await a_planner(units), sql, cpu_seconds)
            rows = await sql.fetchval("SELECT count(*) FROM executions")
            taken = time.monotonic() - started
            print(f"{crowd} jobs due at one instant: {rows} runs in {figures.steps} steps and {taken:.1f} s")
            print(f"  slowest callback {figures.slowest * 1000:.1f} ms of CPU: {figures.what}")
    return good and rows == crowd and figures.slowest < BAR


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m planning", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    stories = commands.add_parser("model")
    stories.add_argument("--examples", type=int, default=1_000)
    stories.add_argument("--steps", type=int, default=40)
    load = commands.add_parser("bars")
    load.add_argument("--jobs", type=int, default=1_000)
    load.add_argument("--crowd", type=int, default=50_000)
    given = parser.parse_args()
    zoneinfo.reset_tzpath([])
    with Path(os.devnull).open("w") as sink:
        configure("scheduler", "INFO", sink)
        work = model(given.examples, given.steps) if given.command == "model" else bars(given.jobs, given.crowd)
        try:
            good = asyncio.run(work)
        except Exception:
            traceback.print_exc()  # the hook for what nobody catches writes to the sink
            good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
