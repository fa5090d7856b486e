"""Prices of indexes and fillfactors, as CPU of a lifecycle: variants of the schema side by side, in one run.

    python -m benchmarks.prices --rounds 3

Each variant is a copy of one filled database, changed, and measured by `benchmarks.limit`; the rounds interleave the variants.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import asyncpg
import msgspec
import uvloop

from benchmarks.filling import fill_jobs
from benchmarks.limit import Figures, lifecycles_per_second
from benchmarks.primary import a_database, cpu_of, start_primary

FILLED = "filled"
MONTHS = (
    "SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'executions_%'"
)


class Variant(msgspec.Struct, frozen=True):
    """One change of the schema; `months` is run for each month of executions, its name in place of {}."""

    name: str
    statements: tuple[str, ...] = ()
    months: str = ""


def _drop(index: str) -> Variant:
    return Variant(f"without {index}", (f"DROP INDEX {index}",))


def _add(table: str, what: str) -> Variant:
    return Variant(f"with {table} ({what})", (f"CREATE INDEX ON {table} {what if '(' in what else f'({what})'}",))


VARIANTS = [
    Variant("as it is"),
    Variant("without the ledger key", ("ALTER TABLE executions DROP CONSTRAINT executions_ledger",)),
    Variant("without primary key", ("ALTER TABLE executions DROP CONSTRAINT executions_pkey",)),
    _drop("idx_executions_open"),
    _drop("idx_executions_waiting"),
    Variant("record stays HOT: neither", ("DROP INDEX idx_executions_open, idx_executions_waiting",)),
    Variant(
        "record stays HOT: outbox by dispatched_at",
        (
            "DROP INDEX idx_executions_open, idx_executions_waiting",
            "CREATE INDEX ON executions (pool, priority, available_at) WHERE dispatched_at IS NULL AND available_at IS NOT NULL",
            "CREATE INDEX ON executions (job_id, scheduled_time) WHERE dispatched_at IS NULL AND available_at IS NULL",
        ),
    ),
    _add("executions", "job_id"),
    _add("executions", "start_time DESC"),
    Variant(
        "with executions (owner, execution_id)",
        ("CREATE INDEX ON executions (COALESCE(team_id, -user_id), execution_id DESC)",),
    ),
    _add("executions", "status"),
    _add("executions", "worker_id"),
    _add("executions", "job_id, start_time DESC"),
    Variant(
        "with the draft's five on executions",
        tuple(f"CREATE INDEX ON executions ({columns})"
              for columns in ("job_id", "start_time DESC", "status", "worker_id", "job_id, start_time DESC")),
    ),
    *(_drop(f"idx_jobs_{name}") for name in ("job_key", "unarmed", "finished")),
    Variant(
        "jobs with primary key and due only",
        tuple(f"DROP INDEX idx_jobs_{name}" for name in ("job_key", "unarmed", "finished")),
    ),
    _add("jobs", "user_id"),
    _add("jobs", "status"),
    Variant(
        "with the draft's idx_jobs_active",
        ("CREATE INDEX ON jobs (job_id, status, next_run_time) WHERE deleted_at IS NULL AND status NOT IN ('COMPLETED', 'CANCELLED')",),
    ),
    Variant("with GIN (payload)", ("CREATE INDEX ON jobs USING GIN (payload)",)),
    *(Variant(f"executions, fillfactor {n}", months=f"ALTER TABLE {{}} SET (fillfactor = {n})") for n in (100, 80, 60, 50, 40)),
    *(Variant(f"jobs, fillfactor {n}", (f"ALTER TABLE jobs SET (fillfactor = {n})", "VACUUM FULL jobs")) for n in (90, 80, 70, 50)),
]  # fmt: skip


class Price(msgspec.Struct, frozen=True):
    """One run, and the CPU that a fixed question cost before and after it: neighbours on the machine make both dearer."""

    figures: Figures
    yardstick: float

    def phase(self, name: str) -> float:
        return self.figures.phases[name].cpu_us / self.yardstick

    def us(self) -> float:
        """CPU of the backends a lifecycle, in microseconds of the yardstick."""
        return sum(map(self.phase, self.figures.phases))


Prices = dict[str, list[Price]]


async def measure(server_url: str, variant: Variant, jobs: int, seconds: float) -> Price:
    async with a_database(server_url, "variant", FILLED) as database, database.owner() as sql:
        for statement in variant.statements:
            await sql.execute(statement)
        for row in await sql.fetch(MONTHS) if variant.months else []:
            await sql.execute(variant.months.format(row[0]))
        await sql.execute("CHECKPOINT")
        before = await _yardstick(sql)
        figures = await lifecycles_per_second(database.owner_url, jobs, seconds)
        return Price(figures, (before + await _yardstick(sql)) / 2)


async def _yardstick(sql: asyncpg.Connection[asyncpg.Record]) -> float:
    """CPU of a fixed question, as a multiple of 100 ms."""
    pid = sql.get_server_pid()
    start = cpu_of(pid)
    await sql.fetchval("SELECT count(*) FROM (SELECT md5(g::text) FROM generate_series(1, 150000) g ORDER BY 1) x")
    return (cpu_of(pid) - start) * 10


def table(found: Prices) -> Iterator[str]:
    """A line a variant: medians, and the backends' CPU against the first variant."""
    yield f"{'variant':<44}{'us':>7}{'of 1':>7}{'/s':>9}{'plan':>7}{'claim':>7}{'record':>7}{'WAL':>7}{'HOT':>6}"
    base = 0.0
    for name, runs in found.items():
        us = median([run.us() for run in runs])
        base = base or us
        phases = "".join(f"{median([run.phase(phase) for run in runs]):>7.1f}" for phase in runs[0].figures.phases)
        each = [run.figures for run in runs]
        yield (
            f"{name:<44}{us:>7.1f}{us / base:>7.2f}{median([run.per_second for run in each]):>9,.0f}{phases}"
            f"{median([run.wal_bytes for run in each]):>7,.0f}{median([run.hot_executions for run in each]):>6.0%}"
        )


def read(results: Path) -> Prices:
    """Figures of earlier runs."""
    return msgspec.json.decode(results.read_bytes(), type=Prices) if results.exists() else {}


def write(results: Path, found: Prices) -> None:
    results.write_bytes(msgspec.json.encode(found))


async def main(names: str, jobs: int, seconds: float, rounds: int, results: Path) -> None:
    chosen = [variant for variant in VARIANTS if variant is VARIANTS[0] or names in variant.name]
    found: Prices = {variant.name: [] for variant in chosen}
    found |= read(results)
    async with start_primary() as server_url, a_database(server_url, FILLED) as filled:
        async with filled.owner() as sql:
            await fill_jobs(sql, jobs)
        for number in range(rounds):
            for variant in chosen:
                found[variant.name].append(await measure(server_url, variant, jobs, seconds))
                print(f"round {number + 1} of {rounds}: {variant.name}", flush=True)
                write(results, found)
    print("\n".join(table(found)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="variants whose name contains this")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=Path("prices.json"), help="kept here, and gone on with")
    given = parser.parse_args()
    uvloop.run(main(given.only, given.jobs, given.seconds, given.rounds, given.results))
