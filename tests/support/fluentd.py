"""The real Fluentd, if there is one on PATH, with the configuration of the project."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from cluster.ports import choose

FLUENTD = shutil.which("fluentd")
CONFIGURATION = Path(__file__).parents[2] / "infra" / "logging" / "fluent.conf"


@contextlib.asynccontextmanager
async def fluentd(directory: Path, url: str) -> AsyncIterator[None]:
    """Reads directory/log/*.log and sends to the Elasticsearch at `url`; its state stays in the directory."""
    assert FLUENTD is not None
    environment = os.environ | {
        "FLUENTD_PORT": str(choose(["forward"])["forward"]), "FLUENTD_BIND": "127.0.0.1", "FLUENTD_DATA": str(directory),
        "FOLIOT_LOGS": f"{directory}/log/*.log", "ELASTICSEARCH_URL": url, "FLUENTD_FLUSH_INTERVAL": "1s",
    }  # fmt: skip
    with (directory / "fluentd.out").open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            FLUENTD, "-c", str(CONFIGURATION), env=environment, stdout=out, stderr=out
        )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
