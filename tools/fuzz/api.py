"""`make fuzz SUITE=api COUNT=200000`: the API as a process, with a PostgreSQL of its own, against made-up requests.

A campaign that was stopped goes on where it was, with --resume FILE.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import zoneinfo
from collections.abc import Sequence
from pathlib import Path

from cluster.servers import start_servers
from foliot.api.create_key import create
from foliot.common.migrate import migrate
from fuzz.campaign import Tally, run
from fuzz.surface import parameters_of, routes_of
from shards import Shard, shard
from support.databases import TestDatabase
from support.starting import start_foliot

REPOSITORY = Path(__file__).parents[2]


async def campaign(requests: int, part: Shard, seed: str, resume: Path | None) -> bool:
    tally = Tally(resume, {"requests": requests, "shard": str(part), "seed": seed})
    with tempfile.TemporaryDirectory(prefix="foliot-fuzz-") as name:
        directory = Path(name)
        async with start_servers(directory) as servers:
            passwords = dict.fromkeys(("api", "scheduler", "worker", "maintenance"), "test")
            await migrate(servers.database_url, REPOSITORY / "sql" / "migrations", passwords)
            database = TestDatabase(servers.database_url)
            async with start_foliot(servers, database, directory, schedulers=0, workers=0) as foliot:

                async def new_key() -> str:
                    return await create(database.url("api"), "admin", "fuzz", 1, None)

                port = foliot.services["api-1"].port
                surface = await parameters_of(port, routes_of(), await new_key())
                began = time.monotonic()
                numbers = range(requests)[part.part]
                await run(
                    port,
                    surface,
                    tally,
                    numbers,
                    seed=seed,
                    new_key=new_key,
                    progress=lambda line: print(line, flush=True),
                )
                lines = (directory / "api-1.log").read_text().splitlines()
    errors = [line for line in lines if '"level":"ERROR"' in line]
    print(f"shard {part} of {requests} requests, seed {seed!r}, {time.monotonic() - began:.0f} s: {tally.line()}")
    print(f"{len(errors)} ERROR lines in the API's log", *errors[:5], sep="\n")
    return tally.good and not errors


def main(words: Sequence[str]) -> int:
    arguments = argparse.ArgumentParser(prog="python -m fuzz api", description=__doc__)
    arguments.formatter_class = argparse.RawDescriptionHelpFormatter
    arguments.add_argument("--count", type=int, default=20_000, help="requests of all shards together")
    arguments.add_argument("--shard", type=shard, default="1/1", help="i/n, i from 1 to n")
    arguments.add_argument("--seed", default="foliot")
    arguments.add_argument("--resume", type=Path, metavar="FILE", help="keep the state there")
    given = arguments.parse_args(words)
    zoneinfo.reset_tzpath([])
    return 0 if asyncio.run(campaign(given.count, given.shard, given.seed, given.resume)) else 1
