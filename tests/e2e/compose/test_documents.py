"""What docs/deployment.md shows is what works: its override, and its `docker run` commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.compose import REPOSITORY, ComposeFoliot, docker
from support.eventually import eventually

PAGE = (REPOSITORY / "docs" / "deployment.md").read_text()
CREDENTIALS = {"FOLIOT_DATABASE_URL": "database_url", "FOLIOT_AMQP_URL": "amqp_url"}


@pytest.fixture
async def pool_of_its_own(foliot: ComposeFoliot, tmp_path: Path) -> Path:
    [override] = re.findall(r"```yaml\n(services:\n  worker-gpu:.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "compose.override.yaml"
    file.write_text(override)
    return file


async def served(foliot: ComposeFoliot) -> dict[str, list[str]]:
    return {one["worker_id"]: one["pools"] for one in (await foliot.call("GET", "/v1/workers"))["items"]}


async def test_the_override_adds_workers_of_a_pool_of_their_own(foliot: ComposeFoliot, pool_of_its_own: Path) -> None:
    files = ("-f", "compose.yaml", "-f", str(pool_of_its_own))
    try:
        await foliot.compose(*files, "up", "--detach", "--no-deps", "--wait", "worker-gpu")
        job = await foliot.create(pool="gpu", payload={"script": "echo from the pool"})
        (execution,) = await foliot.ended(job["job_id"])
        assert execution["status"] == "COMPLETED"
        assert (await served(foliot))[execution["worker_id"]] == ["gpu"]
        addresses = await foliot.compose("exec", "-T", "api", "getent", "ahostsv4", "worker")
        assert len({line.split()[0] for line in addresses.splitlines()}) == 3, "Prometheus finds it by this name"
    finally:
        await foliot.compose(*files, "rm", "--stop", "--force", "worker-gpu")


def command(beginning: str, **replaced: str) -> list[str]:
    """The command of the page that begins so, with other words for some of its own."""
    [block] = re.findall(rf"```sh\n(docker {re.escape(beginning)}.*?)```", PAGE, re.DOTALL)
    words = shlex.split(block.replace("\\\n", " "))[1:]
    return [replaced.get(word, word) for word in words]


async def test_a_worker_is_run_on_another_machine(foliot: ComposeFoliot, tmp_path: Path) -> None:
    project = foliot.compose.project
    password = (await foliot.compose("exec", "-T", "postgres", "cat", "/run/secrets/foliot/owner_password")).strip()
    variables = tmp_path / "migrate.env"
    variables.write_text(
        f"FOLIOT_DATABASE_URL=postgresql://foliot:{password}@postgres:5432/foliot\n"
        "FOLIOT_MIGRATIONS_DIR=/app/sql/migrations\n"
    )
    migrate = command("run --rm", **{"migrate.env": str(variables)})
    assert "schema is at" in await docker("run", f"--network={project}_default", *migrate[1:])

    given = {name: await foliot.compose("exec", "-T", "worker", "cat", f"/run/secrets/foliot/{file}")
             for name, file in CREDENTIALS.items()}  # fmt: skip
    given |= {"FOLIOT_WORKER_ID": "elsewhere", "FOLIOT_WORKER_SCRIPT_MODE": "namespace"}
    given["FOLIOT_WORKER_POOLS"] = "elsewhere"
    variables = tmp_path / "worker.env"
    variables.write_text("".join(f"{name}={value.strip()}\n" for name, value in given.items()))
    name = f"{project}-elsewhere"
    run = command("run -d", **{"worker.env": str(variables), "foliot-worker": name, "10.0.0.5:9102:9102": "9102"})
    try:
        await docker("run", f"--network={project}_default", *run[1:])

        async def is_there() -> None:
            assert (await served(foliot)).get("elsewhere") == ["elsewhere"]

        await eventually(is_there, within=30)
        job = await foliot.create(pool="elsewhere", payload={"script": "id -u"})
        (execution,) = await foliot.ended(job["job_id"])
        assert (execution["status"], execution["worker_id"]) == ("COMPLETED", "elsewhere")
        await docker("stop", name)
        assert (await docker("inspect", "-f", "{{.State.ExitCode}}", name)).strip() == "0"
    finally:
        await docker("rm", "-f", name)
