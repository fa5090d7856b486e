"""Cost of a lifecycle in the course of a long run: the same database, measured minute by minute at full speed.

python -m benchmarks.bloat --minutes 10
"""

from __future__ import annotations

import argparse

import uvloop

from benchmarks.filling import fill_jobs
from benchmarks.limit import lifecycles_per_second
from benchmarks.primary import a_database, start_primary
from support.ledger import Sql

_SIZES = """
SELECT pg_relation_size('jobs') AS jobs, pg_indexes_size('jobs') AS job_indexes,
    pg_relation_size('idx_jobs_next_run_time') AS due, sum(pg_relation_size(inhrelid)) AS executions,
    sum(pg_indexes_size(inhrelid)) AS execution_indexes,
    (SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE relname = 'jobs') AS dead_jobs,
    (SELECT sum(autovacuum_count) FROM pg_stat_user_tables WHERE relname = 'jobs') AS vacuums
FROM pg_inherits WHERE inhparent = 'executions'::regclass"""


async def sizes(sql: Sql) -> str:
    row = await sql.fetchrow(_SIZES)
    assert row is not None
    megabytes = {
        name: f"{int(row[name]) / 1e6:,.0f}"
        for name in ("jobs", "job_indexes", "due", "executions", "execution_indexes")
    }
    return (
        f"MB: jobs {megabytes['jobs']}, their indexes {megabytes['job_indexes']} (due {megabytes['due']}), "
        f"executions {megabytes['executions']}, their indexes {megabytes['execution_indexes']}; "
        f"dead versions of jobs {row['dead_jobs']:,}, vacuums of jobs {row['vacuums']}"
    )


async def main(minutes: int, jobs: int, seconds: float) -> None:
    async with start_primary() as server_url, a_database(server_url, "bloat") as database, database.owner() as sql:
        await fill_jobs(sql, jobs)
        print(f"start: {await sizes(sql)}", flush=True)
        for minute in range(1, minutes + 1):
            figures = await lifecycles_per_second(database.owner_url, jobs, seconds)
            us = sum(phase.cpu_us for phase in figures.phases.values())
            print(
                f"{minute:>3}: {figures.per_second:,.0f}/s, {us:.1f} us of the backends; {await sizes(sql)}", flush=True
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=58.0, help="of each minute")
    given = parser.parse_args()
    uvloop.run(main(given.minutes, given.jobs, given.seconds))
