"""`make simulate-virtual SEEDS=1000000 FROM=0 SHARD=1/2`: stories in virtual time, each from its seed.

python -m simulate.virtual campaign --seeds 100000     goes on where the last call ended
python -m simulate.virtual story worker 431            tells one story, shrunk if an invariant breaks
python -m simulate.virtual mutants [word]              plants each fault (whose name has the word), finds its seed
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
    commands = parser.add_subparsers(dest="command", required=True)
    many = commands.add_parser("campaign")
    many.add_argument("--seeds", type=int, default=1_000_000, help="of all shards together")
    many.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    many.add_argument("--shard", type=shard, default="1/1", help="i/n: the i-th of n parts of them")
    many.add_argument("--state", type=Path, default=Path(".local/simulate"), help="where the progress is kept")
    one = commands.add_parser("story")
    one.add_argument("machine", choices=MACHINES)
    one.add_argument("seed", type=int)
    faults = commands.add_parser("mutants")
    faults.add_argument("word", nargs="?", default="")
    return parser.parse_args()


def tell(name: str, seed: int) -> bool:
    machine = MACHINES[name]
    outcome = play(machine, seed, told=True)
    print(telling.story(machine, outcome if outcome.violation is None else shrink(machine, outcome)))
    return outcome.violation is None


def main() -> None:
    given = arguments()
    with quiet():
        if given.command == "campaign":
            good = campaign.run(given.first, given.seeds, given.shard, given.state)
        elif given.command == "story":
            good = tell(given.machine, given.seed)
        else:
            good = campaign.kill([mutant for mutant in MUTANTS if given.word in mutant.name])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
