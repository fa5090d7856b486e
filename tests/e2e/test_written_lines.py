"""Every line that the processes of these tests have written: its format, that Elasticsearch takes it, and that it answers.

Stands last of its folder, so that the lines of all the other tests are there.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.elasticsearch import Elasticsearch, open_elasticsearch
from support.eventually import eventually
from support.fluentd import FLUENTD, fluentd
from support.foliot import Foliot
from support.monitoring import Watched

REQUIRED = {"timestamp", "service", "level", "message"}
LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
Lines = list[tuple[str, dict[str, Any]]]


def read(foliot: Foliot) -> Lines:
    """(process, line) of all logs; fails at what is no JSON object."""
    lines: Lines = []
    for name, server in foliot.services.items():
        for text in server.log.read_text().splitlines():
            assert text.startswith("{"), f"{name} wrote {text!r}"
            lines.append((name, json.loads(text)))
    return lines


@pytest.fixture(scope="module")
async def told(foliot: Foliot) -> dict[str, int]:
    """Jobs whose story the log must tell: one deleted, one slow, one that is given up."""
    deleted = (await foliot.call("POST", "/v1/jobs", _body("@every 1h", "true"), **{"X-Request-Id": "made-here"}))[
        "job_id"
    ]
    await foliot.call("DELETE", f"/v1/jobs/{deleted}", **{"X-Request-Id": "deleted-here"})
    slow = await foliot.create(payload={"script": "sleep 5.1"})
    failing = await foliot.create(payload={"script": "exit 4"}, retry_policy={"max_retries": 1, "backoff_factor": 0})
    await foliot.ended(failing["job_id"], 2)
    await foliot.ended(slow["job_id"])
    return {"deleted": deleted, "slow": slow["job_id"], "failing": failing["job_id"]}


def _body(schedule: str, script: str) -> dict[str, Any]:
    return {"job_name": "told", "job_type": "script", "schedule": schedule, "payload": {"script": script}}


@pytest.fixture(scope="module")
async def indexed(foliot: Foliot, told: dict[str, int]) -> Elasticsearch:
    """All lines of one cluster, sent through the bulk interface."""
    return await _index([line for _, line in read(foliot)])


async def _index(lines: list[dict[str, Any]]) -> Elasticsearch:
    async with open_elasticsearch() as elasticsearch, aiohttp.ClientSession() as http:
        for start in range(0, len(lines), 500):
            batch = lines[start : start + 500]
            body = "".join(
                f"{json.dumps(_action(line, start + n))}\n{json.dumps(line)}\n" for n, line in enumerate(batch)
            )
            headers = {"Content-Type": "application/x-ndjson"}
            async with http.post(f"{elasticsearch.url}/_bulk", data=body.encode(), headers=headers) as response:
                answer = await response.json()
            assert not answer["errors"], elasticsearch.refused[:3]
        assert len(elasticsearch.documents) == len(lines) > 0
        return elasticsearch


def _action(line: dict[str, Any], number: int) -> dict[str, Any]:
    return {"index": {"_index": f"foliot-logs-{line['timestamp'][:10].replace('-', '.')}", "_id": str(number)}}


async def test_every_line_has_the_format(foliot: Foliot, watched: Watched, told: dict[str, int]) -> None:
    lines = read(foliot) + read(watched.foliot)
    for process, line in lines:
        assert line.keys() >= REQUIRED, line
        assert line["service"] == process.partition("-")[0]
        assert line["level"] in LEVELS
        assert line["message"]
        assert all(value is not None for value in line.values())
        assert len(json.dumps(line)) < 16_000
    assert {line["service"] for _, line in lines} == {"api", "scheduler", "worker"}


async def test_no_secret_is_written(foliot: Foliot, told: dict[str, int]) -> None:
    key = foliot.http.headers["Authorization"].split()[1]
    secrets = [key, foliot.amqp_url.split(":")[2].split("@")[0], ":test@"]
    for server in foliot.services.values():
        text = server.log.read_text()
        assert not [secret for secret in secrets if secret in text]
        assert "exit 4" not in text, "a payload"


async def test_info_is_one_line_a_run_one_an_attempt_one_a_change(foliot: Foliot, told: dict[str, int]) -> None:
    lines = [
        (process.partition("-")[0], line) for process, line in read(foliot) if line.get("job_id") == told["failing"]
    ]
    assert Counter((service, line["event"], line["level"]) for service, line in lines) == {
        ("api", "changed", "INFO"): 1,
        ("scheduler", "job_scheduled", "INFO"): 1,
        ("worker", "attempt_failed", "WARNING"): 1,
        ("worker", "attempt_failed", "ERROR"): 1,
    }


async def test_elasticsearch_takes_every_line(indexed: Elasticsearch, watched: Watched) -> None:
    """Also those of processes that were killed and of the others' despair."""
    after_faults = await _index([line for _, line in read(watched.foliot)])
    assert indexed.refused == after_faults.refused == []
    assert after_faults.documents


@pytest.mark.skipif(FLUENTD is None, reason="there is no fluentd on PATH")
async def test_fluentd_brings_every_line(foliot: Foliot, told: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    lines = []
    for name, server in foliot.services.items():
        text = server.log.read_text()
        (tmp_path / "log" / f"{name}.log").write_text(text)
        lines += [json.loads(line) for line in text.splitlines()]
    expected = sorted(json.dumps(line, sort_keys=True) for line in lines)
    async with open_elasticsearch() as elasticsearch, fluentd(tmp_path, elasticsearch.url):

        async def all_there() -> None:
            assert len(elasticsearch.documents) >= len(set(expected))

        await eventually(all_there, within=60, every=0.5)
        found = {json.dumps(line, sort_keys=True) for line in elasticsearch.documents.values()}
        assert found == set(expected)
        assert elasticsearch.refused == []


async def test_elasticsearch_refuses_what_the_template_does_not_know() -> None:
    elasticsearch = Elasticsearch()
    good = {"timestamp": "2026-01-02T03:04:05.000006Z", "service": "api", "level": "INFO", "message": "m"}
    assert elasticsearch.problem(good) is None
    for wrong in ({"job_id": "12"}, {"surprise": 1}, {"timestamp": "2026-01-02 03:04:05"}, {"attempt_number": 2**31}):
        assert elasticsearch.problem(good | wrong) is not None


async def test_the_seeds_questions(indexed: Elasticsearch, told: dict[str, int]) -> None:
    errors = indexed.search("level:ERROR AND timestamp:[now-1h TO now]")
    given_up = [one for one in errors if one.get("job_id") == told["failing"]]
    assert [(one["event"], one["attempt_number"], one["error"]) for one in given_up] == [
        ("attempt_failed", 2, "exit status 4")
    ]
    assert all(one["level"] == "ERROR" for one in errors)
    story = indexed.search(f"job_id:{told['slow']}")
    assert sorted(one["event"] for one in story) == ["attempt_finished", "changed", "job_scheduled"]
    assert len({one["request_id"] for one in story}) == 1, "one request from the call to the attempt"
    slow = indexed.search("duration:>5000 AND service:worker")
    assert told["slow"] in {one["job_id"] for one in slow}
    assert told["failing"] not in {one["job_id"] for one in slow}
    (who,) = indexed.search(f"action:DELETE_JOB AND job_id:{told['deleted']}")
    assert (who["service"], who["user_id"], who["request_id"]) == ("api", 1, "deleted-here")
    assert who["key_id"] >= 1
    assert [one["event"] for one in indexed.search('request_id:"made-here"')] == ["changed"]
    by_hour = Counter(one["timestamp"][:13] for one in indexed.search("event:attempt_failed"))
    assert by_hour.total() >= 2
    assert all(len(hour) == 13 for hour in by_hour)


@pytest.mark.parametrize(
    ("variables", "event"),
    [
        ({}, "config_wrong"),
        ({"FOLIOT_LOG_LEVEL": "LOUD"}, "config_wrong"),
        ({"FOLIOT_API_HOST": "192.0.2.1", "FOLIOT_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"}, "crashed"),
    ],
)
async def test_a_process_that_cannot_start_says_so_in_the_format(
    tmp_path: Path, variables: dict[str, str], event: str, foliot: Foliot
) -> None:
    command = foliot.services["api-1"].definition.command
    process = await asyncio.create_subprocess_exec(
        *command, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    lines = [json.loads(text) for text in out.decode().splitlines()]
    assert process.returncode in (1, 78)
    assert lines[-1]["event"] == event
    assert lines[-1]["level"] == "ERROR"
    assert "hidden" not in out.decode()
    assert [Elasticsearch().problem(line) for line in lines] == [None] * len(lines)
