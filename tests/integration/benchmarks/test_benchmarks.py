"""The benchmarks' own machinery: what it counts is what the ledger says, what is wrong is told, and nothing is measured twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.__main__ import measure
from benchmarks.filling import fill_jobs
from benchmarks.jobs import (
    check_one_time,
    check_recurring,
    in_seconds,
    insert_one_time,
    insert_recurring,
    pause_recurring,
)
from benchmarks.limit import PHASES, lifecycles_per_second
from benchmarks.pace import slow
from benchmarks.processes import Watch, rss_bytes
from benchmarks.report import render
from benchmarks.results import Figures, Results, Settings, spread
from benchmarks.rig import Rig, make_template
from benchmarks.throughput import Drain
from cluster.servers import Servers
from support.databases import TestDatabase

SETTINGS = Settings(suite="throughput", rounds=2, seconds=1, workers=1, slots=50, commit="abc")


class Few(Drain):
    per_second, ahead = 40, 5.0


@pytest.fixture(autouse=True)
def _a_steady_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here takes six seconds to find out."""
    monkeypatch.setattr("benchmarks.results.pace", lambda: "steady")


@pytest.fixture(scope="module")
async def rig(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    await make_template(servers)
    return Rig(servers, SETTINGS, tmp_path_factory.mktemp("bench"))


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results.open(tmp_path, SETTINGS)


async def test_a_drain_of_forty(rig: Rig, results: Results) -> None:
    await measure(Few(), rig, results, 1)
    figures = results.get(Few.name, 1)
    assert figures is not None
    assert figures["problems"] == []
    assert figures["jobs"] == 40
    assert figures["cpu_us.worker-1"] > 0
    assert figures["cpu_us"] == pytest.approx(
        sum(v for k, v in figures.items() if k.startswith("cpu_us.") and k not in ("cpu_us.machine", "cpu_us.harness")),
        abs=1,
    )


async def test_the_check_of_one_time_jobs_sees_each_fault(rig: Rig) -> None:
    async with rig.database("faults") as database, database.owner() as sql:
        await insert_one_time(sql, 3, await in_seconds(sql, 0), 0.0)
        assert await check_one_time(sql, 3) == ["0 executions of 3 are COMPLETED", "3 jobs are not COMPLETED"]
        await _complete_all(database)
        assert await check_one_time(sql, 3) == []
        await sql.execute(
            """INSERT INTO executions (job_id, scheduled_time, status, attempt_number, start_time)
               SELECT job_id, scheduled_time, 'COMPLETED', 2, NULL FROM executions LIMIT 1"""
        )
        assert await check_one_time(sql, 3) == [
            "4 executions of 3 are COMPLETED",
            "1 runs have more than their first attempt",
            "1 executions ended without a start",
        ]


async def test_the_check_of_recurring_jobs_sees_a_hole(rig: Rig) -> None:
    async with rig.database("holes") as database, database.owner() as sql:
        await insert_recurring(sql, 2, 5, await in_seconds(sql, 0))
        await sql.execute(
            """INSERT INTO executions (job_id, scheduled_time, status, start_time)
               SELECT job_id, next_run_time + n * interval '5 s', 'COMPLETED', now() FROM jobs, generate_series(0, 2) n"""
        )
        await sql.execute("UPDATE jobs SET next_run_time = next_run_time + interval '15 s'")
        await pause_recurring(sql)
        assert await check_recurring(sql, 5) == []
        await sql.execute(
            "DELETE FROM executions WHERE job_id = 1 AND scheduled_time = (SELECT max(scheduled_time) FROM executions WHERE job_id = 1)"
        )
        assert await check_recurring(sql, 5) == ["1 jobs have ticks without an execution"]


async def _complete_all(database: TestDatabase) -> None:
    async with database.owner() as sql:
        await sql.execute(
            """INSERT INTO executions (job_id, scheduled_time, status, start_time)
               SELECT job_id, next_run_time, 'COMPLETED', now() FROM jobs"""
        )
        await sql.execute("UPDATE jobs SET status = 'COMPLETED', next_run_time = NULL")


def test_an_interrupted_run_goes_on_and_a_changed_one_begins_anew(tmp_path: Path) -> None:
    first = Results.open(tmp_path, SETTINGS)
    first.put("foliot drain", 1, {"per_second": 7, "problems": []})
    assert Results.open(tmp_path, SETTINGS).get("foliot drain", 1) == {"per_second": 7, "problems": []}
    other = Settings(suite="throughput", rounds=2, seconds=1, workers=1, slots=50, commit="def")
    (tmp_path / "kept").mkdir()
    first.directory.rename(tmp_path / "20000101T000000-throughput")
    assert Results.open(tmp_path, other).get("foliot drain", 1) is None


def test_a_finished_run_is_not_gone_on_with(tmp_path: Path) -> None:
    first = Results.open(tmp_path, SETTINGS)
    first.put("foliot drain", 1, {"problems": []})
    first.finish()
    first.directory.rename(tmp_path / "20000101T000000-throughput")
    assert Results.open(tmp_path, SETTINGS).rounds("foliot drain") == []


def test_median_and_spread() -> None:
    rounds: list[Figures] = [{"per_second": 5}, {"per_second": 1}, {"per_second": 9}, {"other": 1}]
    assert spread(rounds, "per_second") == (5, 1, 9)
    assert spread(rounds, "absent") is None


def test_the_page_shows_what_was_measured_and_says_what_was_not(tmp_path: Path) -> None:
    results = Results.open(tmp_path, Settings(suite="peers", rounds=2, seconds=1, workers=1, slots=50, commit="abc"))
    for round_, rate in enumerate((900, 1_100), 1):
        results.put("foliot drain", round_, {"per_second": rate, "others_percent": 2, "problems": ["one is missing"]})
        results.put("celery", round_, {"per_second": 100, "others_percent": 0, "problems": []})
        results.put("taskiq", round_, {"per_second": 100, "others_percent": 12, "problems": []})
    assert "Not measured yet: `make bench SUITE=peers`" in render(tmp_path)
    results.finish()
    page = render(tmp_path)
    assert "| foliot drain | 1,000 (900..1,100) |" in page
    assert "| celery | 100 (100..100) | 10x |" in page
    assert "| taskiq | 100 (100..100) | disturbed |" in page
    assert "**Other work used up to 12 %" in page
    assert "**2 checks failed.**" in page
    assert "Not measured yet: `make bench SUITE=post`" in page
    assert "{table" not in page
    assert "{about" not in page


def test_cpu_is_counted_where_it_is_used() -> None:
    watch = Watch({"me": os.getpid()})
    sum(n * n for n in range(3_000_000))
    figures = watch.figures(10)
    assert figures["cpu_us.me"] > 0
    assert figures["cpu_us"] == figures["cpu_us.me"]
    assert rss_bytes(os.getpid()) > 1_000_000


async def test_lifecycles_without_broker_and_services(database: TestDatabase) -> None:
    """The limit runs the repositories' own statements, so that it has to change with them."""
    async with database.owner() as sql:
        await fill_jobs(sql, 20_000)
    figures = await lifecycles_per_second(database.owner_url, 20_000, 0.3, warm_up=0.3)
    assert figures.lifecycles > 0
    assert {name: phase.rows > 0 for name, phase in figures.phases.items()} == dict.fromkeys(PHASES, True)


def test_slices_in_which_a_cpu_did_less_than_half_are_slow() -> None:
    assert slow([10, 10, 4, 4, 10, 3, 10, 6, 10]) == (3 / 9, 2)
    assert slow([7, 8, 9]) == (0, 0)
