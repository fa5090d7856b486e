"""`make simulate MUTANTS=word SHARD=1/2`: plants each fault (whose name has the word) in a copy of the tree, and tells
stories until one of them finds it.

A fault that no story finds is an invariant that is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fences.__main__ import ROOT, SOURCES, take_out
from fences.fence import Fence
from shards import shard
from simulate.statements.planted import PLANTED

ROOMS = ("infra/local", "infra", "tests", "tools")
"""Where the stories import from, beside the product."""


def look(planted: Fence, seeds: int) -> str | None:
    """The first violation that is found, None if there is none."""
    with tempfile.TemporaryDirectory(prefix="foliot-mutant-") as directory:
        tree = Path(directory)
        for part in ("libs", "services", "sql", "tests", "tools", "infra"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", ".local"))
        take_out(tree, planted)
        path = os.pathsep.join(str(tree / source) for source in (*SOURCES, *ROOMS))
        done = subprocess.run(
            [sys.executable, "-m", "simulate.statements", "--seeds", str(seeds), "--stop", "--whole"],
            cwd=tree, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )  # fmt: skip
    found = re.search(r"^seed \d+ breaks: .*", done.stdout, re.MULTILINE)
    if found is None and done.returncode:
        raise SystemExit(f"{planted.name}: the stories did not run:\n{done.stdout[-2_000:]}")
    return found[0] if found else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulate.statements.mutants", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="part of the names; all by default")
    parser.add_argument("--seeds", type=int, default=1_000, help="stories that are told at most for each (1000)")
    parser.add_argument("--shard", type=shard, default="1/1", help="i/n: the i-th of n parts of them")
    given = parser.parse_args()
    chosen = [planted for planted in PLANTED if given.word in planted.name][given.shard.part]
    missed, started = [], time.monotonic()
    for number, planted in enumerate(chosen, 1):
        found = look(planted, given.seeds)
        taken = f"{time.monotonic() - started:>5.0f} s"
        print(f"{number:>3}/{len(chosen)} {taken}  {planted.name}: {found or 'NOBODY NOTICES'}", flush=True)
        if found is None:
            missed.append(planted.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} planted faults are found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
