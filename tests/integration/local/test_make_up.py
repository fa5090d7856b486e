"""`make up` for real: the whole cluster of a new folder, changed by settings, read, stopped and removed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cluster.layout import Layout
from cluster.ports import choose

REPOSITORY = Path(__file__).parents[3]


class Commands:
    """The commands of the Makefile, on a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        [self.port] = choose(["api"]).values()

    async def __call__(self, command: str, *, status: int = 0, **environment: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FOLIOT_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cluster", command),
            env={
                **clean,
                "PYTHONPATH": f"{REPOSITORY / 'infra/local'}:{REPOSITORY / 'infra'}",
                "FOLIOT_LOCAL_DIR": str(self.layout.directory),
                "API_PORT": str(self.port),
                **environment,
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == status, out.decode()
        return out.decode()

    async def foliot(self, *arguments: str) -> str:
        """The command line, which finds the cluster by its folder."""
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("foliot"), *arguments, stdout=asyncio.subprocess.PIPE,
            env={"FOLIOT_LOCAL_DIR": str(self.layout.directory), "HOME": str(self.layout.directory)},
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0
        return out.decode()

    def get(self, path: str) -> list[dict[str, Any]]:
        key = self.layout.admin_key.read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["items"]
            return found


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[Commands]:
    commands = Commands(tmp_path / "local")
    try:
        yield commands
    finally:
        if commands.layout.exists:
            await commands("clean")


async def test_a_cluster_is_proved_changed_read_and_removed(commands: Commands) -> None:
    first = await commands("up", WORKERS="1", SCHEDULERS="1")
    assert first.count("COMPLETED") == 3
    assert await commands.foliot("executions", "list", "-o", "name")
    assert commands.get("/v1/jobs") == [], "the list is the user's own"
    assert len(commands.get("/v1/executions")) == 3

    changed = await commands("up", FOLIOT_WORKER_POOLS="gpu", FOLIOT_WORKER_SLOTS="200", WORKERS="2")
    assert changed.count("COMPLETED") == 3, "the proof runs in a pool that is served"
    workers = {one["worker_id"]: one for one in commands.get("/v1/workers")}
    assert {(name, one["slots"], *one["pools"]) for name, one in workers.items()} == {
        ("worker-1", 200, "gpu"),
        ("worker-2", 200, "gpu"),
    }
    assert "scheduler-1 ready" not in changed, "it reads neither of them and went on"
    shown = await commands("status")
    assert "FOLIOT_WORKER_POOLS=gpu" in shown
    assert "FOLIOT_WORKER_SLOTS=200" in shown

    refused = await commands("up", status=1, FOLIOT_WORKER_SLOT="1")
    assert refused.startswith("FOLIOT_WORKER_SLOT is no setting of a service: write FOLIOT_WORKER_SLOTS")
    assert len(refused.splitlines()) == 1
    assert "attempt finished" in await commands("logs", SERVICE="worker-2")
    assert commands.get("/v1/jobs") == []
    assert (await commands("down")).endswith("all is stopped\n")
