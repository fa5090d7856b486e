"""The program that runs a script, by its payload and its first line."""

import pytest

from foliot.common.model.payloads.script import Script
from foliot.worker.executors.script_program import command_of, text_for


@pytest.mark.parametrize(
    ("script", "interpreter", "command"),
    [
        ("echo", None, ["/bin/sh"]),
        ("#!/bin/bash\necho", None, ["/bin/bash"]),
        ("#! /bin/bash -eu  \necho", None, ["/bin/bash", "-eu"]),
        ("#!/usr/bin/env python3", None, ["/usr/bin/env", "python3"]),
        ("#!/usr/bin/env -S python3 -I\n", None, ["/usr/bin/env", "-S python3 -I"]),
        ("#!/bin/bash\r\necho\r\n", None, ["/bin/bash"]),
        ("#!python3\n", None, ["python3"]),
        ("#!\necho", None, [""]),
        (" #!/bin/bash\n", None, ["/bin/sh"]),
        ("#!/bin/bash\n", "/bin/dash", ["/bin/dash"]),
    ],
)
def test_the_command(script: str, interpreter: str | None, command: list[str]) -> None:
    assert command_of(Script(script=script, interpreter=interpreter)) == command


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        (["/bin/sh"], True),
        (["/opt/x/zsh"], True),
        (["/usr/bin/env", "bash"], True),
        (["/usr/bin/env", "-S A=b ksh -e"], True),
        (["/usr/bin/env"], False),
        (["/usr/bin/env", "python3"], False),
        (["/usr/bin/python3"], False),
        (["/bin/shells"], False),
    ],
)
def test_only_shells_get_other_line_ends(command: list[str], *, shell: bool) -> None:
    assert text_for(command, "a\r\nb\rc\n") == ("a\nb\rc\n" if shell else "a\r\nb\rc\n")
