"""`make fences FENCE=word SHARD=1/2`: takes each guard (whose name has the word) out of a copy of the tree and expects its
test to turn red.

A fence whose test stays green is a fence that nobody would miss.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fences.fence import Fence
from fences.guards import FENCES
from shards import shard

ROOT = Path(__file__).parents[2]
SOURCES = ("libs/common/src", "services/api/src", "services/scheduler/src", "services/worker/src")


def run_test(tree: Path, test: str) -> bool:
    """True if the test is green in this tree."""
    path = os.pathsep.join(str(tree / source) for source in SOURCES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", test],
        cwd=tree, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode and b"\nFAILED " not in done.stdout:
        raise SystemExit(f"{test} did not run:\n{done.stdout.decode()[-2000:]}")
    return done.returncode == 0


def take_out(tree: Path, fence: Fence) -> None:
    file = tree / fence.file
    text = file.read_text()
    if text.count(fence.guard) != 1:
        raise SystemExit(f"{fence.name}: the guard stands {text.count(fence.guard)} times in {fence.file}")
    file.write_text(text.replace(fence.guard, fence.without))


def check(fence: Fence) -> bool:
    """True if the test is red without the guard."""
    with tempfile.TemporaryDirectory(prefix="foliot-fence-") as directory:
        tree = Path(directory)
        for part in ("libs", "services", "sql", "tests", "tools", "infra"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", ".local"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        take_out(tree, fence)
        return not run_test(tree, fence.test)


def choose(arguments: list[str] | None = None) -> list[Fence]:
    parser = argparse.ArgumentParser(prog="python -m fences", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="part of the names of the fences; all by default")
    parser.add_argument("--shard", type=shard, default="1/1", help="i/n: the i-th of n parts of them")
    given = parser.parse_args(arguments)
    part: slice = given.shard.part
    chosen = [fence for fence in FENCES if given.word in fence.name][part]
    if not chosen:
        raise SystemExit(f"no fence has {given.word!r} in its name")
    return chosen


def main() -> None:
    chosen, missed, started = choose(), [], time.monotonic()
    for number, fence in enumerate(chosen, 1):
        red = check(fence)
        taken = f"{time.monotonic() - started:>5.0f} s"
        print(
            f"{number:>3}/{len(chosen)} {taken}  {'red without it' if red else 'NOBODY NOTICES'}  {fence.name}",
            flush=True,
        )
        if not red:
            missed.append(fence.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} fences are proven")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
