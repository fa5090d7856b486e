"""PostgreSQL's directory belongs to whom PostgreSQL runs as, however often it is made."""

import os
import shutil
from pathlib import Path

import pytest

from cluster.privilege import privilege_for
from cluster.servers import start_servers

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands directories over")


@AS_ROOT
def test_each_directory_is_handed_over_and_again_when_it_was_made_again(tmp_path: Path) -> None:
    for name in ("one", "another", "one"):
        directory = tmp_path / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        assert directory.stat().st_uid == os.geteuid()
        assert privilege_for(directory).owner == directory.stat().st_uid


async def test_servers_start_again_in_a_directory_and_in_another(tmp_path: Path) -> None:
    for name in ("one", "another", "one"):
        async with start_servers(tmp_path / name, rabbitmq=False, zookeeper=False, fsync=False) as servers:
            assert await servers.postgres.definition.probe() == ""
