"""Bodies of /run: members that a run may have otherwise than its job."""

from __future__ import annotations

from .conftest import Api


async def test_null_in_a_run_is_as_if_left_out(api: Api) -> None:
    """Also for a runner, who may send no payload."""
    job = await api.create(overlap_policy="skip")
    runner = {"Authorization": f"Bearer {await api.key_for('runner')}"}
    path, nothing = f"/v1/jobs/{job['job_id']}/run", {"payload": None, "overlap_policy": None}
    assert (await api.call("POST", path, nothing, **runner))[0] == 202
    status, problem, _ = await api.call("POST", path, nothing)
    assert (status, problem["code"]) == (409, "overlap")  # by the policy of the job
