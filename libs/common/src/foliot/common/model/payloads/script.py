"""script: a text that an interpreter of the worker's machine runs."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec

from foliot.common.model.payloads.checks import Wrong, check_text, described
from foliot.common.model.payloads.job_type import JobType

MAX_SCRIPT_BYTES: Final = 256 * 1024
MAX_ARGS: Final = 256
MAX_ENV: Final = 256
MAX_ARGUMENT_BYTES: Final = 32 * 1024
"""Linux refuses single strings above 128 KiB."""
MAX_COMMAND_BYTES: Final = 256 * 1024
"""All args and env together: an eighth of Linux' default for both."""
RESERVED_ENV: Final = frozenset({"PATH", "HOME", "TRACEPARENT"})
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The program to run."""

    script: Annotated[str, described("the program's text", minLength=1, maxLength=MAX_SCRIPT_BYTES)]
    interpreter: Annotated[
        str | None,
        described(
            "absolute path of a program; null: the one that the first line names (#!), else /bin/sh", pattern="^/"
        ),
    ] = None
    args: Annotated[tuple[str, ...], described("arguments after the script", maxItems=MAX_ARGS)] = ()
    env: Annotated[dict[str, str], described("further environment", maxProperties=MAX_ENV)] = {}


def _check_interpreter(path: str, interpreter: str | None) -> Iterator[Wrong]:
    if interpreter is None:
        return
    if not interpreter.startswith("/"):
        yield path, "must be an absolute path, such as /bin/sh or /usr/bin/env"
    yield from check_text(path, interpreter, 1_024)


def _check_args(path: str, args: tuple[str, ...]) -> Iterator[Wrong]:
    if len(args) > MAX_ARGS:
        yield path, f"has more than {MAX_ARGS} arguments"
    for index, argument in enumerate(args[:MAX_ARGS]):
        yield from check_text(f"{path}[{index}]", argument, MAX_ARGUMENT_BYTES)
    yield from _check_sum(path, args)


def _check_env(path: str, env: dict[str, str]) -> Iterator[Wrong]:
    if len(env) > MAX_ENV:
        yield path, f"has more than {MAX_ENV} variables"
        return
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name):
            yield path, f"{name[:64]!a} is not a variable name; use letters, digits and underscores"
            continue
        if name in RESERVED_ENV or name.startswith("FOLIOT_"):
            yield f"{path}.{name}", "is set by Foliot; choose another name"
        yield from check_text(f"{path}.{name}", value, MAX_ARGUMENT_BYTES)
    yield from _check_sum(path, env.values())


def _check_sum(path: str, texts: Iterable[str]) -> Iterator[Wrong]:
    if sum(len(text.encode(errors="replace")) for text in texts) > MAX_COMMAND_BYTES // 2:
        yield path, f"is longer than {MAX_COMMAND_BYTES // 2} bytes in all; read it from a file or a service"


JOB_TYPE: Final = JobType(
    name="script",
    payload=Script,
    does="Runs a text with an interpreter of the worker's machine. A shell gets it with the line ends of Linux.",
    succeeds="the program exits with 0",
    checks={
        "script": lambda path, text: check_text(path, text, MAX_SCRIPT_BYTES, required=True),
        "interpreter": _check_interpreter, "args": _check_args, "env": _check_env,
    },
)  # fmt: skip
