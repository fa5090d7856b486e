"""The real Fluentd, if there is one on PATH, between files of log lines and what enforces Elasticsearch's contract."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from cluster.ports import choose
from support.elasticsearch import Elasticsearch, open_elasticsearch
from support.eventually import eventually
from support.fluentd import FLUENTD, fluentd

AWAY_SECONDS = float(os.environ.get("FOLIOT_AWAY_SECONDS", "5"))
pytestmark = [
    pytest.mark.skipif(FLUENTD is None, reason="there is no fluentd on PATH"),
    pytest.mark.timeout(120 + 2 * AWAY_SECONDS),
]


class Writer:
    """A worker's log file, line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.written: set[int] = set()

    def write(self, count: int) -> None:
        with self._path.open("a") as file:
            for _ in range(count):
                number = len(self.written) + 1
                self.written.add(number)
                line = {
                    "timestamp": f"2026-11-23T10:00:00.{number:06d}Z", "service": "worker", "level": "INFO",
                    "message": "attempt finished", "event": "attempt_finished", "job_id": number, "duration": 5001,
                }  # fmt: skip
                file.write(json.dumps(line) + "\n")

    def write_text(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(text)


async def all_there(elasticsearch: Elasticsearch, writer: Writer) -> None:
    """Every line once, as it was written, in the index of its day."""

    async def look() -> None:
        found = sorted(one["job_id"] for one in elasticsearch.search("event:attempt_finished"))
        assert found == sorted(writer.written)

    await eventually(look, within=60, every=0.5)
    indices = {index for index, _ in elasticsearch.documents}
    assert "foliot-logs-2026.11.23" in indices


async def test_nothing_is_lost(tmp_path: Path) -> None:
    """While the receiver is away, refuses for a while, and while Fluentd itself starts again."""
    (tmp_path / "log").mkdir()
    writer = Writer(tmp_path / "log" / "worker-1.log")
    [port] = choose(["elasticsearch"]).values()
    url = f"http://127.0.0.1:{port}"
    writer.write(200)
    async with fluentd(tmp_path, url):
        async with open_elasticsearch(port) as first:
            await all_there(first, writer)
        kept = dict(first.documents)
        writer.write(200)
        await asyncio.sleep(AWAY_SECONDS)  # the receiver is away
        writer.write(200)
    async with open_elasticsearch(port) as second:
        second.documents, second.busy = kept, 3
        writer.write(200)  # while Fluentd is down
        async with fluentd(tmp_path, url):
            await all_there(second, writer)
            assert second.refused == []


async def test_what_is_no_line_of_ours_arrives_as_one_and_what_is_refused_is_kept(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    writer = Writer(tmp_path / "log" / "scheduler-1.log")
    async with open_elasticsearch() as elasticsearch, fluentd(tmp_path, elasticsearch.url):
        writer.write(1)
        writer.write_text("Segmentation fault\n")
        unknown = {
            "timestamp": "2026-11-23T10:00:00.000001Z",
            "service": "api",
            "level": "INFO",
            "message": "m",
            "unknown": 1,
        }
        writer.write_text(json.dumps(unknown) + "\n")
        await all_there(elasticsearch, writer)

        async def arrived() -> None:
            (fault,) = elasticsearch.search("event:unparsed")
            assert (fault["message"], fault["level"], fault["service"]) == ("Segmentation fault", "ERROR", "scheduler")
            refused = (tmp_path / "refused.log").read_text() if (tmp_path / "refused.log").exists() else ""
            assert '"unknown":1' in refused

        await eventually(arrived, within=60, every=0.5)
