"""The API in this process, for clients in threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from api.conftest import Api, open_api
from structlog.testing import capture_logs

from foliot.cli.app import run
from support.databases import TestDatabase

Foliot = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture(scope="module")
async def api(module_database: TestDatabase) -> AsyncIterator[Api]:
    async with open_api(module_database) as opened:
        yield opened


@pytest.fixture
def address(api: Api) -> str:
    return str(api.client.make_url("")).rstrip("/")


@pytest.fixture
def foliot(api: Api, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Foliot:
    """Runs a command as an admin: (exit code, stdout, stderr)."""
    environment = {"HOME": str(tmp_path), "FOLIOT_URL": address, "FOLIOT_API_KEY": api.key}

    async def called(*arguments: str, **more: str) -> tuple[int, str, str]:
        with capture_logs():  # of the API, which stands in this process too
            capsys.readouterr()
            code = await asyncio.to_thread(run, arguments, environment | more)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return called
