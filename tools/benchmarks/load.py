"""Fills a database to size, by COPY.

    python -m benchmarks.load --url postgresql://owner:password@host/database --jobs 10000000 --executions 10000000 --months 12
    python -m benchmarks.load --url ... --clean

One job owns a tenth of the executions, so that a long history is there too; the others have their share each.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from cluster.errors import ClusterError
from support.ledger import Sql

CHUNK = 50_000
JOB_BYTES, EXECUTION_BYTES = 1_100, 600
"""Disk a row with its indexes and its WAL on the way."""
_JOB_COLUMNS = ("user_id", "team_id", "job_name", "job_type", "schedule", "schedule_since", "next_run_time", "payload")
_EXECUTION_COLUMNS = (
    "job_id",
    "user_id",
    "status",
    "scheduled_time",
    "start_time",
    "end_time",
    "duration_ms",
    "available_at",
    "worker_id",
    "claim",
)


class TooLittleDisk(ClusterError):
    """The message says how much is needed where."""


def check_disk(directory: Path, jobs: int, executions: int) -> None:
    """Raises TooLittleDisk unless twice what is written fits."""
    needed, free = 2 * (jobs * JOB_BYTES + executions * EXECUTION_BYTES), shutil.disk_usage(directory).free
    if free < needed:
        raise TooLittleDisk(
            f"{directory} has {free / 1e9:.0f} GB free, {needed / 1e9:.0f} GB are needed: load fewer rows"
        )


async def load(sql: Sql, jobs: int, executions: int, months: int, due: int = 100) -> None:
    """`due` of the jobs are due now, the others in the coming year. Prints progress."""
    await sql.execute("SELECT ensure_partitions('executions', now() - make_interval(months => $1), now())", months)
    await _copy(sql, "jobs", _JOB_COLUMNS, _jobs(jobs, due), jobs)
    ids = await sql.fetchrow("SELECT min(job_id), max(job_id) FROM jobs")
    assert ids is not None
    await _copy(sql, "executions", _EXECUTION_COLUMNS, _executions(executions, months, *ids), executions)
    print("vacuum and analyze ...", flush=True)
    await sql.execute("VACUUM (ANALYZE, PARALLEL 2) jobs, executions", timeout=3600)


async def clean(sql: Sql) -> None:
    await sql.execute("TRUNCATE jobs, listed_jobs, job_versions, executions, dead_letters")


async def _copy(sql: Sql, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]], count: int) -> None:
    done, started = 0, time.perf_counter()
    while done < count:
        chunk = list(itertools.islice(rows, min(CHUNK, count - done)))
        await sql.copy_records_to_table(table, records=chunk, columns=columns, timeout=600)
        done += len(chunk)
        if done % 1_000_000 == 0 or done == count:
            rate = done / (time.perf_counter() - started)
            print(f"{table}: {done:,} of {count:,}, {rate:,.0f}/s", flush=True)


def _jobs(count: int, due: int) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    step = timedelta(days=365) / max(1, count)
    payload = '{"url": "https://hooks.example.com/customers", "method": "POST", "body": {"kind": "daily report"}}'
    for n in range(count):
        place = n * 7919 % count  # neighbours in time are no neighbours in the table
        next_run_time = now - timedelta(seconds=1) if place < due else now + timedelta(hours=1) + step * place
        yield (
            n % 1000 + 1,
            n % 200 + 1 if n % 4 else None,
            f"report of customer {n}",
            "noop",
            "@daily",
            now,
            next_run_time,
            payload,
        )


def _executions(count: int, months: int, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """Evenly over the months, oldest first as they would have come."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    step = timedelta(days=30) * months / max(1, count)
    second = timedelta(seconds=1)
    for n in range(count):
        moment = now - step * (count - n)
        job_id = first if n % 10 == 0 else first + n * 7919 % (last - first + 1)
        yield job_id, 1, "COMPLETED", moment, moment, moment + second, 1_000, moment, f"worker-{n % 100}", 1


async def main(given: argparse.Namespace) -> None:
    sql = await asyncpg.connect(given.url)
    try:
        if given.clean:
            await clean(sql)
            return
        check_disk(given.disk, given.jobs, given.executions)
        await load(sql, given.jobs, given.executions, given.months)
    finally:
        await sql.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--disk", type=Path, default=Path("/tmp"), help="a folder on the server's disk")
    parser.add_argument("--clean", action="store_true", help="remove all jobs and executions instead")
    asyncio.run(main(parser.parse_args()))
