"""`make simulate SEEDS=1000 FROM=0 SHARD=1/2`: stories whose statements come in an order that a seed decides."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from shards import shard
from simulate.statements.campaign import Campaign, Progress
from simulate.statements.past import PAST
from simulate.statements.place import opened_world


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulate.statements", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many (1000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (0)")
    parser.add_argument("--shard", type=shard, default="1/1", help="i/n: the i-th of n parts of them")
    parser.add_argument("--progress", type=Path, help="a folder: the campaign goes on where it stopped")
    parser.add_argument("--stop", action="store_true", help="stop at the first violation")
    parser.add_argument("--whole", action="store_true", help="print violations as they were found, not shrunk")
    given = parser.parse_args()
    seeds = [*(PAST if given.first == 0 else ()), *range(given.first, given.first + given.seeds)][given.shard.part]
    name = f"{given.first}-{given.seeds}-{given.shard.number}-of-{given.shard.of}.json"
    file = None if given.progress is None else given.progress / name
    progress = asyncio.run(_run(seeds, file, stop=given.stop, whole=given.whole))
    for pair, count in sorted(progress.deadlocks.items(), key=lambda item: -item[1])[:10]:
        print(f"deadlock, {count} times: {pair}")
    print(f"meetings known after each tenth: {progress.growth}")
    sys.exit(1 if progress.violations or progress.different else 0)


async def _run(seeds: Sequence[int], file: Path | None, *, stop: bool, whole: bool) -> Progress:
    async with opened_world() as world:
        return await Campaign(world, seeds, file, whole=whole).run(stop_at_first=stop)


if __name__ == "__main__":
    main()
