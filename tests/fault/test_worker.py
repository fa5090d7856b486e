"""A worker dies, stalls, is cut off, is told to stop."""

from __future__ import annotations

from typing import Any

from support.eventually import eventually
from support.processes import processes_of

from .conftest import LEASE, Faults


async def gone(execution: dict[str, Any], within: float) -> None:
    async def look() -> None:
        assert processes_of(execution["mark"]) == []

    await eventually(look, within=within)


async def tried_again(faults: Faults, execution: dict[str, Any], within: float) -> None:
    """The attempt is FAILED `worker lost` and the next one runs."""

    async def look() -> None:
        found = await faults.foliot.executions(execution["job_id"])
        assert len(found) == 2
        newest, former = found
        assert (former["status"], former["error_message"]) == ("FAILED", "worker lost")
        assert newest["status"] == "RUNNING"

    await eventually(look, within=within)
    await faults.foliot.call("POST", f"/v1/jobs/{execution['job_id']}/cancel")


async def test_killed_in_the_middle_of_a_script(faults: Faults) -> None:
    execution = await faults.long_script()
    assert processes_of(execution["mark"])
    await faults.foliot.services[execution["worker_id"]].kill()
    await gone(execution, within=2)
    await tried_again(faults, execution, within=2 * LEASE + 10)


async def test_stalled_in_the_middle_of_a_script(faults: Faults) -> None:
    """The script ends before the lease does, so that the next attempt never runs beside it; the woken worker's result
    counts for nothing."""
    execution = await faults.long_script()
    worker = faults.foliot.services[execution["worker_id"]]
    worker.pause()
    await gone(execution, within=LEASE + 2)
    await tried_again(faults, execution, within=2 * LEASE + 10)
    worker.resume()

    async def serves_again() -> None:
        workers = (await faults.foliot.call("GET", "/v1/workers"))["items"]
        assert {w["worker_id"] for w in workers} == {"worker-1", "worker-2"}

    await eventually(serves_again, within=15)


async def test_cut_off_from_postgres_in_the_middle_of_a_script(faults: Faults) -> None:
    execution = await faults.long_script()
    faults.foliot.proxies[execution["worker_id"]]["postgres"].blackhole()
    await gone(execution, within=LEASE + 12)
    await tried_again(faults, execution, within=2 * LEASE + 20)


async def test_a_result_waits_for_the_database_within_its_lease(faults: Faults) -> None:
    """Cut off for less than the lease: the result is recorded when the way is free again."""
    execution = await faults.long_script(seconds=1.5)
    proxy = faults.foliot.proxies[execution["worker_id"]]["postgres"]
    proxy.blackhole()
    await gone(execution, within=10)
    proxy.heal()
    (ended,) = await faults.foliot.ended(execution["job_id"])
    assert (ended["status"], ended["attempt_number"]) == ("COMPLETED", 1), ended


async def test_told_to_stop_finishes_what_runs(faults: Faults) -> None:
    execution = await faults.long_script(seconds=2)
    await faults.foliot.services[execution["worker_id"]].stop()
    (ended,) = await faults.foliot.ended(execution["job_id"])
    assert (ended["status"], ended["attempt_number"]) == ("COMPLETED", 1)


async def test_rolling_restart_under_load(faults: Faults) -> None:
    jobs = await faults.ticking()
    for name in ("worker-1", "worker-2", "scheduler-1", "scheduler-2"):
        await faults.foliot.services[name].restart()
    await faults.completed_since(jobs[0], 2)
    async with faults.foliot.sql() as sql:
        failed = await sql.fetchval(
            "SELECT count(*) FROM executions WHERE job_id = ANY($1::bigint[]) AND status = 'FAILED'", jobs
        )
    assert failed == 0
