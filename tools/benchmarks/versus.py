"""`make versus BASE=ref`: this tree against another commit of it, in turn, on the same servers.

What a change costs the hot path: CPU a job of each process, jobs/s, POST/s, lateness. The other tree's services and
migrations run from a work tree of the commit with this tree's Python packages; the harness is this tree's for both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import msgspec
import uvloop

from benchmarks.__main__ import measure
from benchmarks.post import Post
from benchmarks.punctuality import Punctuality
from benchmarks.results import REPOSITORY, Figures, Results, Settings, commit, spread
from benchmarks.rig import Rig, open_rig
from benchmarks.suites import Cell
from benchmarks.throughput import Drain, Soak
from cluster.definition import minimal_environment
from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.servers import Servers

SOURCES = ("libs/common/src", "services/api/src", "services/scheduler/src", "services/worker/src")
SERVICES = ("API", "SCHEDULER", "WORKER")
SHOWN = ("per_second", "cpu_us", "cpu_us.postgres", "cpu_us.rabbitmq", "cpu_us.api-1", "cpu_us.scheduler-1",
         "cpu_us.worker-1", "cpu_us.worker-2", "p99_ms")  # fmt: skip


class Tree(msgspec.Struct, frozen=True):
    """One side: `name` in the table, and the directory of its sources."""

    name: str
    directory: Path

    @property
    def template(self) -> str:
        return f"bench_template_{self.name}"

    @property
    def python_path(self) -> str:
        return os.pathsep.join(str(self.directory / source) for source in SOURCES)


class Side:
    """A cell measured in one tree."""

    def __init__(self, tree: Tree, cell: Cell) -> None:
        self._tree = tree
        self._cell = cell
        self.name = f"{tree.name} {cell.name}"

    async def measure(self, rig: Rig, results: Results, round_: int) -> Figures:
        path = {f"{service}__PYTHONPATH": self._tree.python_path for service in SERVICES}
        own = msgspec.structs.replace(rig, template=self._tree.template, environment=path)
        return await self._cell.measure(own, OneSide(self._tree, results), round_)


class OneSide(Results):
    """The results of one tree: a soak begins with what its own tree has drained."""

    def __init__(self, tree: Tree, results: Results) -> None:
        super().__init__(results.directory)
        self._tree = tree

    def get(self, cell: str, round_: int) -> Figures | None:
        return super().get(f"{self._tree.name} {cell}", round_)


@contextlib.contextmanager
def work_tree(ref: str, home: Path) -> Iterator[Path]:
    """The files of a commit, for as long as they are measured."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"git {' '.join(arguments)}", done.stderr)
        return done.stdout.strip()

    directory = home / f"tree-{git('rev-parse', '--short', ref)}"
    if not directory.exists():
        git("worktree", "add", "--detach", str(directory), ref)
    try:
        yield directory
    finally:
        git("worktree", "remove", "--force", str(directory))


async def make_template(servers: Servers, tree: Tree) -> None:
    """An empty database with the tree's own schema."""
    owner = await asyncpg.connect(servers.database_url)
    await owner.execute(f"CREATE DATABASE {tree.template}")
    await owner.close()
    passwords = {f"FOLIOT_{role}_PASSWORD": "test" for role in (*SERVICES, "MAINTENANCE")}
    url = servers.database_url.rsplit("/", 1)[0] + f"/{tree.template}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "foliot.common.migrate",
        env=minimal_environment(PYTHONPATH=tree.python_path, FOLIOT_DATABASE_URL=url, **passwords), cwd=tree.directory,
    )  # fmt: skip
    if await process.wait():
        raise ClusterError(f"the migrations of {tree.name} failed")


async def run(trees: Sequence[Tree], cells: Sequence[Cell], settings: Settings) -> bool:
    """All rounds, the trees in turn in each; False if a check found something wrong."""
    home = Layout.from_environment().directory / "bench"
    results = Results.open(home, settings)
    sides = [Side(tree, cell) for cell in cells for tree in trees]
    print(f"versus: {settings.rounds} rounds of {', '.join(side.name for side in sides)}\n  in {results.directory}")
    async with open_rig(home, settings) as rig:
        for tree in trees:
            await make_template(rig.servers, tree)
        for round_ in range(1, settings.rounds + 1):
            for side in sides if round_ % 2 else reversed_pairs(sides):
                if results.get(side.name, round_) is None:
                    await measure(side, rig, results, round_)
    results.finish()
    for cell in cells:
        print_pair(cell, results)
    return not any(f["problems"] for side in sides for f in results.rounds(side.name))


def reversed_pairs(sides: Sequence[Side]) -> list[Side]:
    """The other tree first: what drifts within a round then falls on both."""
    return [side for pair in zip(sides[::2], sides[1::2], strict=True) for side in reversed(pair)]


def print_pair(cell: Cell, results: Results) -> None:
    base, this = results.rounds(f"base {cell.name}"), results.rounds(f"this {cell.name}")
    print(f"\n{cell.name}: medians (least..greatest) of {len(base)} rounds\n  {'':<22}{'base':>32}{'this':>32}   ratio")
    for name in dict.fromkeys((*SHOWN, *(n for n in base[0] if n.endswith("p99_ms")))):
        old, new = spread(base, name), spread(this, name)
        if old and new and old[0]:
            texts = [f"{middle:,.1f} ({least:,.1f}..{greatest:,.1f})" for middle, least, greatest in (old, new)]
            print(f"  {name:<22}{texts[0]:>32}{texts[1]:>32}   {new[0] / old[0]:.3f}")


def main() -> None:
    zoneinfo.reset_tzpath([])
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versus", description=__doc__)
    parser.add_argument("base", help="a commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--cells", default="drain,soak,post", help="of drain, soak, post, punctuality")
    given = parser.parse_args()
    known: dict[str, Cell] = {
        "drain": Drain(), "soak": Soak(), "post": Post(64), "punctuality": Punctuality(1_000)
    }  # fmt: skip
    cells = [known[name] for name in given.cells.split(",")]
    home = Layout.from_environment().directory / "bench"
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        suite=f"versus-{given.base.replace('/', '_')}-{given.cells.replace(',', '-')}", rounds=given.rounds,
        seconds=given.seconds, workers=given.workers, slots=given.slots, commit=commit(),
    )  # fmt: skip
    try:
        with work_tree(given.base, home) as directory:
            good = uvloop.run(run([Tree("base", directory), Tree("this", REPOSITORY)], cells, settings))
    except ClusterError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on where it was")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
