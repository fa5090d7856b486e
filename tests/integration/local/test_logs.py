"""`make logs`: what a person reads of the processes' logs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cluster.errors import ClusterError
from cluster.layout import Layout
from cluster.logfile import open_log, rotate
from cluster.logline import parse
from cluster.logs import Reader, logs
from support.eventually import eventually


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "local")
    layout.create()
    return layout


def line(second: int, level: str = "INFO", message: str = "attempt finished", **fields: object) -> bytes:
    head = {"timestamp": f"2026-01-02T03:04:{second:02}.123456Z", "service": "worker", "level": level}
    return json.dumps({**head, "message": message, "event": "attempt_finished", **fields}).encode() + b"\n"


def write(layout: Layout, process: str, *lines: bytes) -> None:
    with open_log(layout.log(process)) as log:
        log.write(b"".join(lines))


async def shown(layout: Layout, capsys: pytest.CaptureFixture[str], **environment: str) -> list[str]:
    await logs(layout, environment)
    return capsys.readouterr().out.splitlines()


async def test_lines_of_all_processes_in_the_order_of_time(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(layout, "worker-1", line(1, job_id=7, duration=1.5), line(3))
    write(layout, "scheduler-1", line(2, error="no route to host"))
    write(layout, "postgres", b"2026-01-02 LOG: not asked for\n")
    assert await shown(layout, capsys) == [
        "2026-01-02 03:04:01.123  worker-1     INFO     attempt finished  job_id=7 duration=1.5",
        '2026-01-02 03:04:02.123  scheduler-1  INFO     attempt finished  error="no route to host"',
        "2026-01-02 03:04:03.123  worker-1     INFO     attempt finished",
    ]


async def test_level_service_and_number_choose(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(layout, "worker-1", line(1), line(2, "WARNING"), line(3, "ERROR"))
    write(layout, "worker-2", line(4, "ERROR"))
    write(layout, "api-1", line(5, "ERROR"))
    write(layout, "postgres", b"LOG: ready\n")
    assert [text.split()[2] for text in await shown(layout, capsys, LEVEL="warning", SERVICE="worker")] == [
        *("worker-1", "worker-1", "worker-2")
    ]
    assert len(await shown(layout, capsys, SERVICE="worker-1,api-1")) == 4
    assert [text.split()[1] for text in await shown(layout, capsys, LINES="2")] == ["03:04:04.123", "03:04:05.123"]
    assert await shown(layout, capsys, SERVICE="postgres", LEVEL="error") == [
        f"{'':23}  postgres     -        LOG: ready"
    ]


async def test_a_traceback_follows_the_line_before_it(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(layout, "worker-1", line(1), b"Traceback (most recent call last):\n")
    write(layout, "worker-2", line(2))
    assert "Traceback" in (await shown(layout, capsys, LEVEL="info"))[1]


async def test_rotated_lines_are_shown_too(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    for second in (1, 2, 3):
        write(layout, "worker-1", line(second))
        if second < 3:
            rotate(layout.log("worker-1"), limit=1)
    assert [text.split()[1] for text in await shown(layout, capsys)] == [f"03:04:0{n}.123" for n in (1, 2, 3)]


def test_nothing_reaches_the_terminal_that_it_would_obey() -> None:
    hostile = parse(line(1, error="\x1b[2J\u009b2J\r\nroot"), "worker-1", "")
    assert "error=\\x1b[2J\\x9b2J\\r\\nroot" in str(hostile)
    assert "\\x1b" in str(parse(b"\x1b[31m plain", "postgres", ""))


def test_what_is_appended_is_read_once_also_after_a_rotation(layout: Layout) -> None:
    write(layout, "worker-1", line(1))
    reader = Reader(layout.log("worker-1"))
    assert len(list(reader.all())) == 1
    write(layout, "worker-1", line(2)[:20])
    assert list(reader.new()) == []
    write(layout, "worker-1", line(2)[20:])
    assert [one.time[17:19] for one in reader.new()] == ["02"]
    rotate(layout.log("worker-1"), limit=1)
    write(layout, "worker-1", line(3))
    assert [one.time[17:19] for one in reader.new()] == ["03"]
    layout.log("worker-1").unlink()
    assert list(reader.new()) == []


async def test_following_shows_what_comes_also_of_new_processes(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    write(layout, "worker-1", line(1))
    following = asyncio.create_task(logs(layout, {"FOLLOW": "1"}))
    seen = ""

    async def shows(text: str) -> None:
        nonlocal seen
        seen += capsys.readouterr().out
        assert text in seen

    try:
        await eventually(lambda: shows("03:04:01"), within=10)
        write(layout, "worker-1", line(2))
        write(layout, "worker-9", line(3))
        await eventually(lambda: shows("03:04:02"), within=10)
        await eventually(lambda: shows("03:04:03"), within=10)
    finally:
        following.cancel()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LEVEL": "warn"}, "LEVEL=warn: write debug, info, warning, error or critical"),
        ({"SERVICE": "worker-7"}, "there is no log of worker-7; there are: worker-1"),
        ({"LINES": "all"}, "LINES=all is not a number"),
    ],
)
async def test_a_wrong_choice_is_told(layout: Layout, environment: dict[str, str], said: str) -> None:
    write(layout, "worker-1", line(1))
    with pytest.raises(ClusterError, match=said):
        await logs(layout, environment)


async def test_without_a_cluster_there_are_no_logs(layout: Layout) -> None:
    with pytest.raises(ClusterError, match="there are no logs: make up"):
        await logs(layout, {})
