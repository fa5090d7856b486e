"""Mutants: faults planted in the product, in this process alone. Each must turn a story red, or an invariant is missing.

A mutant is text of one function of the product and what stands in its place, as a fence is; the function is made again
from its source.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec


class Mutant(msgspec.Struct, frozen=True):
    """`target`: `module:function` or `module:Class.method`. `seed`: one that is known to kill it, of `machine`."""

    name: str
    machine: str
    target: str
    guard: str
    without: str
    seed: int


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The product with this fault, until the block ends."""
    owner, name, original = _found(mutant.target)
    source = textwrap.dedent(inspect.getsource(original))
    if source.count(mutant.guard) != 1:
        raise SystemExit(f"{mutant.name}: the guard stands {source.count(mutant.guard)} times in {mutant.target}")
    made: dict[str, Any] = {}
    exec(source.replace(mutant.guard, mutant.without), original.__globals__, made)
    before = owner.__dict__[name]
    setattr(owner, name, made[name])
    try:
        yield
    finally:
        setattr(owner, name, before)


def _found(target: str) -> tuple[Any, str, Any]:
    """-> (the module or class, the name there, the function)."""
    module, _, path = target.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    found = inspect.unwrap(owner.__dict__[name])
    return owner, name, found.fget if isinstance(found, property) else found
