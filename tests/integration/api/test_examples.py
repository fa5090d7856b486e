"""The examples of the reference, each sent to a live API as it is shown: every one is answered as the table says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from foliot.api.operations.examples import example_of
from foliot.api.operations.reference import curl
from foliot.api.operations.table import OPERATIONS
from foliot.api.web.operation import Operation

from .conftest import SCRIPT, Api

BEFORE: dict[str, tuple[str, str]] = {"resumeJob": ("POST", "/pause"), "restoreJob": ("DELETE", "")}
"""Steps that the example's job has behind it."""


async def things(api: Api, operation: Operation) -> dict[str, int | str]:
    """A job, a run of it that waits, a key, and a bulk change under way."""
    key = f"example {operation.id}"
    named = {} if operation.method == "PUT" else {"job_key": key}
    job = await api.create(retry_policy={"max_retries": 0}, **named)
    _, run, _ = await api.call("POST", f"/v1/jobs/{job['job_id']}/run")
    _, api_key, _ = await api.call("POST", "/v1/api-keys", {"name": "an example", "role": "viewer"})
    (bulk,) = await api.rows(
        """INSERT INTO operations (user_id, key_id, action, matched, request_id) VALUES (1, $1, 'pause', 1, 'x')
           RETURNING operation_id""",
        api_key["key_id"],
    )
    if step := BEFORE.get(operation.origin or operation.id):
        await api.call(step[0], f"/v1/jobs/{job['job_id']}{step[1]}")
    return {
        "job_id": job["job_id"], "execution_id": run["execution_id"], "key_id": api_key["key_id"],
        "job_key": quote(key, safe=""), **bulk,
    }  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
async def test_an_example_is_answered(api: Api, operation: Operation, tmp_path: Path) -> None:
    """By the command line that the page shows, run in a shell."""
    example = example_of(operation)
    assert (example.method, example.path.partition("?")[0]) == (operation.method, operation.path)
    ids = await things(api, operation)
    environment = {name.upper(): str(value) for name, value in ids.items()}
    environment |= {"FOLIOT_URL": f"http://127.0.0.1:{api.client.port}", "KEY": api.key, "PATH": "/usr/bin:/bin"}
    answer, line = tmp_path / "answer", curl(example)
    script = f"{line.replace('curl', f'curl -s -o {answer} -w %{{http_code}}', 1)}"
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", script, env=environment, stdout=asyncio.subprocess.PIPE
    )
    status, _ = await shell.communicate()
    assert int(status) in operation.answers, answer.read_text()


def test_every_example_belongs_to_an_operation() -> None:
    folder = Path(__file__).parents[3] / "services/api/src/foliot/api/operations/examples"
    assert {path.stem for path in folder.iterdir()} == {one.id for one in OPERATIONS if one.origin is None}


async def test_the_example_of_a_creation_makes_what_it_shows(api: Api) -> None:
    body: dict[str, Any] = example_of(next(one for one in OPERATIONS if one.id == "createJob")).body
    status, job, _ = await api.call("POST", "/v1/jobs", body)
    assert (status, job["payload"], job["schedule"]) == (201, body["payload"], body["schedule"])
    assert job["job_type"] != SCRIPT["job_type"]
