"""`make simulate LAYER=virtual SEEDS=1000000 FROM=0 SHARD=1/2 RESUME=folder`: stories in virtual time.

python -m simulate.virtual                       a campaign
python -m simulate.virtual --story worker 431    tells one story, shrunk if an invariant breaks
python -m simulate.virtual --mutants word        plants each fault whose machine and name have the word, finds its seed
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shards import shard
from simulate.virtual import campaign, telling
from simulate.virtual.machines import MACHINES
from simulate.virtual.planted import MUTANTS
from simulate.virtual.quiet import quiet
from simulate.virtual.shrink import shrink
from simulate.virtual.story import play


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulate.virtual", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seeds", type=int, default=1_000, help="of all shards together (1000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one (0)")
    parser.add_argument("--shard", type=shard, default="1/1", help="i/n: the i-th of n parts of them")
    parser.add_argument("--progress", type=Path, help="a folder: the campaign goes on where it stopped")
    parser.add_argument("--story", nargs=2, metavar=("MACHINE", "SEED"), help=f"machines: {', '.join(MACHINES)}")
    parser.add_argument("--mutants", nargs="?", const="", metavar="WORD")
    return parser.parse_args()


def tell(name: str, seed: int) -> bool:
    machine = MACHINES[name]
    outcome = play(machine, seed, told=True)
    print(telling.story(machine, outcome if outcome.violation is None else shrink(machine, outcome)))
    return outcome.violation is None


def main() -> None:
    given = arguments()
    with quiet():
        if given.story is not None:
            good = tell(given.story[0], int(given.story[1]))
        elif given.mutants is not None:
            good = campaign.kill([mutant for mutant in MUTANTS if given.mutants in f"{mutant.machine}: {mutant.name}"])
        else:
            good = campaign.run(campaign.Part(given.first, given.seeds, given.shard), given.progress)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
