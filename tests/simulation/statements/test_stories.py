"""The short form of `make simulate LAYER=statements`, in two processes; by command there are 100,000 stories."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
STORIES = 500
ROOMS = ("infra/local", "infra", "tests", "tools")


async def tell(part: str) -> str:
    """The last line but one of a campaign: its figures. Fails with its whole output if a story broke a promise."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulate.statements", "--seeds", str(STORIES), "--shard", part,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_every_order_of_statements_keeps_the_promises() -> None:
    outputs = await asyncio.gather(tell("1/2"), tell("2/2"))
    told = [
        re.findall(r"(\d+) of (\d+) seeds .* 0 violations  0 deadlocks  0 of (\d+) diff", text)[-1] for text in outputs
    ]
    assert all(done == of for done, of, _ in told)
    assert sum(int(twice) for _, _, twice in told) > 0
    assert sum(int(done) for done, _, _ in told) >= STORIES
