"""A batch with poison rows, over a writer that refuses them."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import pytest

from foliot.common.ledger.splitting import split


class Writer:
    """Refuses batches that hold one of `faults`, as PostgreSQL does: all or nothing."""

    def __init__(self, faults: dict[int, type[asyncpg.PostgresError]]) -> None:
        self._faults = faults
        self.calls = 0
        self.written: list[int] = []
        self.alone: list[tuple[int, type[asyncpg.PostgresError]]] = []

    async def write(self, batch: Sequence[int]) -> list[int]:
        self.calls += 1
        for row in batch:
            if row in self._faults:
                raise self._faults[row](f"row {row}")
        self.written += batch
        return list(batch)

    async def set_aside(self, row: int, error: asyncpg.PostgresError) -> list[int]:
        self.alone.append((row, type(error)))
        return [-row]


async def test_a_good_batch_is_one_write() -> None:
    writer = Writer({})
    assert await split(range(500), writer.write, writer.set_aside) == [list(range(500))]
    assert (writer.calls, writer.alone) == (1, [])


@pytest.mark.parametrize("poison", [1, 250, 313, 499])
async def test_one_poison_row_of_500_costs_two_writes_a_halving(poison: int) -> None:
    writer = Writer({poison: asyncpg.DataError})
    results = await split(range(500), writer.write, writer.set_aside)
    assert writer.alone == [(poison, asyncpg.DataError)]
    assert writer.written == [row for row in range(500) if row != poison]
    assert [abs(row) for result in results for row in result] == list(range(500))
    assert writer.calls <= 1 + 2 * 9  # 2 ** 9 is the first power above 500


async def test_several_poison_rows_each_stand_alone() -> None:
    poison = {3: asyncpg.DataError, 4: asyncpg.UniqueViolationError, 77: asyncpg.DataError}
    writer = Writer(poison)
    await split(range(100), writer.write, writer.set_aside)
    assert writer.alone == list(poison.items())
    assert writer.written == [row for row in range(100) if row not in poison]


async def test_a_batch_of_poison_leaves_nothing_out() -> None:
    writer = Writer(dict.fromkeys(range(8), asyncpg.DataError))
    assert await split(range(8), writer.write, writer.set_aside) == [[-row] for row in range(8)]


@pytest.mark.parametrize("kind", [asyncpg.DiskFullError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_an_error_that_is_no_row_s_passes_through(kind: type[asyncpg.PostgresError]) -> None:
    writer = Writer({0: kind})
    with pytest.raises(kind):
        await split(range(8), writer.write, writer.set_aside)
    assert (writer.calls, writer.alone) == (1, [])


async def test_it_passes_through_a_half_too_and_the_written_rows_remain() -> None:
    writer = Writer({0: asyncpg.DataError, 6: asyncpg.DiskFullError})
    with pytest.raises(asyncpg.DiskFullError):
        await split(range(8), writer.write, writer.set_aside)
    assert writer.alone == [(0, asyncpg.DataError)]
    assert writer.written == [1, 2, 3]
