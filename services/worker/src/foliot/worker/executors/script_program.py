"""The program that runs a script, and the text in the form that this program needs.

The kernel does not choose it, although it knows `#!` too: the file may lie on a file system that is mounted noexec.
"""

import os
from typing import Final

from foliot.common.model.payloads.script import Script

_DEFAULT: Final = "/bin/sh"
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
"""Names of programs that take a carriage return for a part of the last word of its line."""


def command_of(payload: Script) -> list[str]:
    """The interpreter's path and at most one argument: the payload's own, else those of its first line, else /bin/sh.

    The first line is read as the kernel reads it: all that follows the path is one argument.
    """
    if payload.interpreter is not None:
        return [payload.interpreter]
    first = payload.script.partition("\n")[0]
    if not first.startswith("#!"):
        return [_DEFAULT]
    return first[2:].strip().split(maxsplit=1) or [""]


def text_for(command: list[str], script: str) -> str:
    """The text as the program is to read it: without the carriage returns of Windows for a shell, else as it is."""
    return script.replace("\r\n", "\n") if _name(command) in _SHELLS else script


def _name(command: list[str]) -> str:
    """The name of the program that reads the text; `env` only starts it."""
    name = os.path.basename(command[0])
    if name != "env" or len(command) == 1:
        return name
    words = command[1].removeprefix("-S").split()
    return os.path.basename(next((word for word in words if not word.startswith("-") and "=" not in word), ""))
