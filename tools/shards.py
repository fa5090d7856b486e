"""One of n equal parts of a long list, so that several machines share it: `--shard 1/2` and `--shard 2/2`."""

from __future__ import annotations

import argparse
from typing import NamedTuple


class Shard(NamedTuple):
    """Part `number` (from 1) of `of` parts."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def part(self) -> slice:
        """Each `of`-th item of a list, so that neighbours, which cost about the same, go to different parts."""
        return slice(self.number - 1, None, self.of)


def shard(text: str) -> Shard:
    """Read an option; argparse reports the error."""
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is not i/n with 1 <= i <= n")
    return Shard(int(number), int(of))
