"""One cluster in containers for all tests here: make compose-e2e."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.compose import ComposeFoliot, connect, start_compose

pytest.register_assert_rewrite("e2e.test_way_of_a_job")


@pytest.fixture(scope="session")
async def foliot() -> AsyncIterator[ComposeFoliot]:
    async with start_compose("foliot-e2e", POSTGRES_SLOT_WAL_KEEP="64MB") as compose, connect(compose) as connected:
        yield connected
