"""POST -> plan -> dispatch -> claim -> run -> record, through real processes."""

from __future__ import annotations


from support.foliot import Foliot


async def test_http_request(foliot: Foliot, aiohttp_target: str) -> None:
    job = await foliot.create(job_type="http_request", payload={"url": f"{aiohttp_target}/ok"})
    assert job["status"] == "PENDING"
    (execution,) = await foliot.ended(job["job_id"])
    assert execution["status"] == "COMPLETED", execution
    assert execution["http_status"] == 200
    assert execution["worker_id"] in ("worker-1", "worker-2")
    assert execution["attempt_number"] == 1
    assert execution["scheduled_time"] <= execution["start_time"] <= execution["end_time"]
    assert (await foliot.job_becomes(job["job_id"], "COMPLETED"))["last_run_time"] == execution["scheduled_time"]
