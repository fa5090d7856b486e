"""Some hundred hostile messages, drawn from a seed; `make fuzz SUITE=amqp` has a hundred thousand."""

from __future__ import annotations

from pathlib import Path

from cluster.servers import Servers
from fuzz.amqp import campaign
from support.databases import TestDatabase
from support.starting import start_foliot


async def test_hostile_messages(servers: Servers, database: TestDatabase, tmp_path: Path) -> None:
    async with start_foliot(servers, database, tmp_path) as foliot:
        figures = await campaign(servers, foliot, messages=600, seed="short")
    assert figures.faults == []
    assert figures.set_aside > 200
