"""What a process says beside its own log calls: warnings, libraries, tasks that nobody awaits, its last words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.elasticsearch import Elasticsearch

SETUP = "from foliot.common.process.logs.setup import configure; configure('worker', 'INFO')\n"
PROGRAMS = {
    "an exception that nobody catches": ("1 / 0", "CRITICAL", "ZeroDivisionError"),
    "a warning": ("import warnings; warnings.warn('old', DeprecationWarning)", "WARNING", "old"),
    "an exception where none may be raised": (
        "class A:\n    def __del__(self): raise ValueError('in del')\na = A(); del a", "ERROR", "in del",
    ),
    "a library": ("import logging; logging.getLogger('lib.x').error('said %s', 'this')", "ERROR", "said this"),
    "a library's line whose arguments do not fit": ("import logging; logging.getLogger('lib').error('%d', 'x')", "ERROR", "%d"),
    "a library's exception": (
        "import logging\ntry: 1/0\nexcept Exception: logging.getLogger('lib').exception('it broke')", "ERROR", "ZeroDivision",
    ),
    "a task that nobody awaits": (
        "import asyncio\nasync def bad(): raise KeyError('lost')\n"
        "async def main():\n    asyncio.create_task(bad()); await asyncio.sleep(0)\nasyncio.run(main())",
        "ERROR", "lost",
    ),
    "two lines in one": ("import structlog; structlog.get_logger().info('a_b', error='first\\nsecond \\ud800')", "INFO", "second"),
    "a value of no JSON type": ("import structlog; structlog.get_logger().info('a_b', error={1, 2})", "INFO", "{1, 2}"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_is_a_line_of_the_format(name: str) -> None:
    program, level, text = PROGRAMS[name]
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", SETUP + program], check=False, capture_output=True, text=True
    )
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["level"] for line in lines] == [level]
    assert text in lines[0]["message"] + lines[0].get("error", "")
    assert lines[0]["service"] == "worker"
    assert Elasticsearch().problem(lines[0]) is None


def test_times_have_one_form() -> None:
    """UTC, six digits and Z, whatever they were and whatever stands beside them."""
    program = """
import structlog
from datetime import UTC, datetime, timedelta, timezone
noon, east = datetime(2026, 1, 2, 12, tzinfo=UTC), timezone(timedelta(hours=3))
for more in ({}, {"error": chr(0xD800)}):
    structlog.get_logger().info("a_b", whole=noon, micro=noon.replace(microsecond=7), there=noon.astimezone(east), **more)
"""
    done = subprocess.run([sys.executable, "-c", SETUP + program], check=True, capture_output=True, text=True)
    for line in map(json.loads, done.stdout.splitlines()):
        assert line["whole"] == line["there"] == "2026-01-02T12:00:00.000000Z"
        assert line["micro"] == "2026-01-02T12:00:00.000007Z"


def test_the_supervisor_of_scripts_too() -> None:
    """It runs without our log, on the standard library alone."""
    module = "foliot.worker.executors.supervisor.process"
    done = subprocess.run(
        [sys.executable, "-m", module, "{}", "not a number"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = [json.loads(text) for text in done.stderr.splitlines()]
    assert "ValueError" in line["error"]
    assert (line["service"], line["level"], line["event"]) == ("worker", "CRITICAL", "crashed")
    assert Elasticsearch().problem(line) is None


def test_a_full_disk_stops_nobody() -> None:
    program = (
        "import structlog, sys\n"
        "for n in range(2000): structlog.get_logger().info('a_b', text='x' * 100)\n"
        "sys.stderr.write('went on')"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", SETUP + program], check=False, stdout=full, stderr=subprocess.PIPE)
    assert done.stderr == b"went on"
