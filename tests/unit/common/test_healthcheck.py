"""The HEALTHCHECK of a container, and what it says."""

from __future__ import annotations

import asyncio
import sys

import pytest
from aiohttp import web

from cluster.ports import choose


async def status_of(url: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "foliot.common.healthcheck", url, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    return process.returncode, err.decode()


@pytest.mark.parametrize(("answer", "expected"), [(200, 0), (503, 1)])
async def test_it_is_healthy_that_answers_200(answer: int, expected: int) -> None:
    async def readyz(_request: web.Request) -> web.Response:
        return web.Response(status=answer, text="no heartbeat")

    app = web.Application()
    app.add_routes([web.get("/readyz", readyz)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    code, said = await status_of(f"http://127.0.0.1:{runner.addresses[0][1]}/readyz")
    await runner.cleanup()
    assert code == expected
    assert ("503 no heartbeat" in said) == bool(expected)


async def test_nobody_who_listens_is_unhealthy() -> None:
    url = f"http://127.0.0.1:{choose(['none'])['none']}/readyz"
    code, said = await status_of(url)
    assert (code, url in said) == (1, True)
