"""The program that runs a script: named by the job, or by the script's first line."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from foliot.worker.executors.attempt import Result
from foliot.worker.executors.script import ScriptExecutor
from foliot.worker.output import Output
from integration.executors.making import make_attempt
from integration.executors.scripts import executing


@pytest.fixture(scope="module")
async def executor(mode: str) -> AsyncIterator[ScriptExecutor]:
    async with executing(mode) as executor:
        yield executor


async def ran(executor: ScriptExecutor, script: str, **payload: Any) -> tuple[Result, str]:
    output = Output()
    async with asyncio.timeout(20):
        result = await executor.run(make_attempt("script", script=script, **payload), output)
    return result, output.text()


async def test_the_text_of_windows_is_run_by_a_shell_as_that_of_linux(executor: ScriptExecutor) -> None:
    result, log = await ran(executor, "echo 1\r\n\r\nif true; then\r\n  echo 2\r\nfi\r\n")
    assert (result.succeeded, log) == (True, "1\n2\n")
    result, log = await ran(executor, "#!/usr/bin/env bash\r\necho 3\r\n")
    assert (result.succeeded, log) == (True, "3\n")
    _, log = await ran(executor, "a\r\nb", interpreter="/bin/cat")
    assert log == "a\r\nb"


@pytest.mark.parametrize(
    ("script", "payload", "expected"),
    [
        ("#!/usr/bin/env python3\nprint(6 * 7)", {}, "42\n"),
        ("#!/bin/echo one  two \n", {"args": ["three"]}, "one  two {file} three\n"),
        ("#! /bin/cat\nx", {}, "#! /bin/cat\nx"),
        ("#!/bin/cat\necho sh", {"interpreter": "/bin/sh"}, "sh\n"),
        ("# !/bin/cat\necho sh", {"interpreter": None}, "sh\n"),
    ],
)
async def test_the_first_line_names_the_interpreter_if_the_job_does_not(
    executor: ScriptExecutor, script: str, payload: dict[str, Any], expected: str
) -> None:
    result, log = await ran(executor, script, **payload)
    file = next((word for word in log.split() if word.endswith("/script")), "")
    assert (result.succeeded, log) == (True, expected.format(file=file))


@pytest.mark.parametrize("first", ["#!python3", "#!/no/such/thing -x", "#!", "#! \r"])
async def test_a_first_line_that_names_no_interpreter_is_final(executor: ScriptExecutor, first: str) -> None:
    result, _ = await ran(executor, f"{first}\nx")
    assert (result.succeeded, result.final) == (False, True)
    assert str(result.error_message).startswith("interpreter ")
    assert "no/such" not in str(result.log_error)  # it is a value of the payload
    assert result.log_error
