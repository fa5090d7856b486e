"""`make chaos`: the long campaigns of faults, each with progress, figures and the checker.

`python -m chaos leader-kill --rounds 100`; rounds already done are kept in --state and a second call goes on after them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import zoneinfo
from pathlib import Path

from chaos.campaigns import CAMPAIGNS
from chaos.rig import open_rig
from chaos.storm import STORM


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("campaign", choices=[*CAMPAIGNS, "all"])
    parser.add_argument("--rounds", type=int, help="rounds of a campaign (each has its own default)")
    parser.add_argument("--seconds", type=float, default=STORM.seconds, help="length of a round of the storm")
    parser.add_argument("--state", type=Path, default=Path(".local/chaos"), help="where rounds that are done are kept")
    return parser.parse_args()


async def run(name: str, rounds: int | None, state: Path) -> bool:
    """One campaign to its end; prints a line a round and the figures. False if the checker found something."""
    campaign = CAMPAIGNS[name]
    kept = state / f"{name}.json"
    done = json.loads(kept.read_text()) if kept.exists() else []
    wanted = rounds or campaign.rounds
    print(f"{name}: {campaign.title}; {len(done)} of {wanted} rounds are done", flush=True)
    problems: list[str] = []
    async with open_rig(state / f"run-{name}") as rig:
        await campaign.prepare(rig)
        while len(done) < wanted:
            started = time.monotonic()
            figures = await campaign.round(rig)
            done.append(figures)
            kept.write_text(json.dumps(done))
            shown = ", ".join(f"{key} {value:g}" for key, value in figures.items())
            print(f"  {len(done):>4}/{wanted}  {shown}  ({time.monotonic() - started:.1f} s)", flush=True)
        problems = await campaign.check(rig)
    for key in done[0] if done else []:
        values = sorted(figures[key] for figures in done)
        p99 = values[min(len(values) - 1, int(len(values) * 0.99))]
        print(
            f"  {key}: median {values[len(values) // 2]:g}, p99 {p99:g}, max {values[-1]:g} over {len(values)} rounds"
        )
    for problem in problems:
        print(f"  PROBLEM {problem}")
    print(f"{name}: {'0 problems' if not problems else f'{len(problems)} problems'}", flush=True)
    return not problems


def main() -> None:
    zoneinfo.reset_tzpath([])
    given = arguments()
    STORM.seconds = given.seconds
    given.state.mkdir(parents=True, exist_ok=True)
    names = list(CAMPAIGNS) if given.campaign == "all" else [given.campaign]
    good = [asyncio.run(run(name, given.rounds, given.state.absolute())) for name in names]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
