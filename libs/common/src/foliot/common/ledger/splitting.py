"""Splitting: a batch that PostgreSQL refuses is halved until the poison row is alone; all other rows are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import asyncpg

from foliot.common.ledger.faults import Fault, classify

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


async def split(
    batch: Sequence[_Item],
    write: Callable[[Sequence[_Item]], Awaitable[_Result]],
    alone: Callable[[_Item, asyncpg.PostgresError], Awaitable[_Result]],
) -> list[_Result]:
    """Write a batch, in halves if one of its rows is at fault. `alone` gets that row with its error. Returns the result
    of each call that succeeded.

    An error that is no row's fault is raised; the parts that were written before it remain.
    """
    try:
        return [await write(batch)]
    except asyncpg.PostgresError as error:
        if classify(error) is not Fault.ROW:
            raise
        if len(batch) == 1:
            return [await alone(batch[0], error)]
    middle = len(batch) // 2
    return [*await split(batch[:middle], write, alone), *await split(batch[middle:], write, alone)]
