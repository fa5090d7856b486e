"""`make key`: another admin key in place of the one that `make up` keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster import key
from cluster.errors import ClusterError
from cluster.layout import Layout
from support.databases import TestDatabase


class Settings(msgspec.Struct, frozen=True):
    api_port: int = 8080


class Addresses(msgspec.Struct, frozen=True):
    api_database: str
    api_replica: str


class LocalPlan:
    """The part of a plan that keys need, over a database of the test's own."""

    def __init__(self, layout: Layout, url: str) -> None:
        self.layout = layout
        self.settings = Settings()
        self.addresses = Addresses(url, url)


async def test_a_lost_key_is_replaced(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout(tmp_path)
    layout.create()
    plan: Any = LocalPlan(layout, database.url("api"))
    monkeypatch.setattr(key, "Plan", lambda _: plan)
    first = key.admin_key(plan)
    assert key.admin_key(plan) == first == layout.admin_key.read_text().strip()
    key.replace_key(layout)
    stored = layout.admin_key.read_text().strip()
    assert stored != first
    printed = capsys.readouterr().out
    assert str(layout.admin_key) in printed
    assert stored not in printed
    assert layout.admin_key.stat().st_mode & 0o777 == 0o600
    async with database.owner() as sql:
        assert await sql.fetchval("SELECT count(*) FROM api_keys WHERE role = 'admin' AND team_id IS NULL") == 2


def test_a_cluster_that_is_down_keeps_its_key(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    layout.admin_key.write_text("kept\n")
    plan: Any = LocalPlan(layout, "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(ClusterError, match="make up"):
        key._store_new(plan, "local")
    assert layout.admin_key.read_text() == "kept\n"
