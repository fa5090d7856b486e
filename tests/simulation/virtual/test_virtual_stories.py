"""The short form of `make simulate LAYER=virtual`, in two processes; by command there are 1,000,000 stories."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
STORIES = 2_000
TWICE = 100
FIGURES = re.compile(r"order ([0-9a-f]{16}); (\d+) of them were played twice and compared")


async def tell(*options: str, hash_seed: str = "random") -> str:
    """The output of a campaign. Fails with it if a story broke an invariant, or took other steps at the second time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulate.virtual", *options,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "tools"), "PYTHONHASHSEED": hash_seed},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_no_story_breaks_an_invariant() -> None:
    outputs = await asyncio.gather(*(tell("--seeds", str(STORIES), "--shard", shard) for shard in ("1/2", "2/2")))
    assert all(int(FIGURES.findall(output)[0][1]) > 0 for output in outputs)


async def test_the_same_seeds_take_the_same_steps_in_another_process() -> None:
    seeds = ("--seeds", str(TWICE), "--from", "1")
    outputs = await asyncio.gather(*(tell(*seeds, hash_seed=hash_seed) for hash_seed in ("1", "2")))
    first, second = (FIGURES.findall(output)[0][0] for output in outputs)
    assert first == second


async def test_a_campaign_goes_on_where_it_stopped(tmp_path: Path) -> None:
    options = ("--seeds", "20", "--from", "1", "--progress", str(tmp_path))
    first, second = await tell(*options), await tell(*options)
    assert FIGURES.findall(first) == FIGURES.findall(second)
    assert "20 of 20 stories, 0 broken" in first
    assert "of 20 stories" not in second
