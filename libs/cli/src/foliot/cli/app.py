"""The command `foliot`: its groups, and how a command ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from foliot.cli.lazy import LazyGroup

_AT: Final = "foliot.cli.commands"
COMMANDS: Final = {
    "jobs": (f"{_AT}.jobs:jobs", "list, get, create, edit, pause, resume, run, cancel, delete, history, explain"),
    "executions": (f"{_AT}.executions:executions", "attempts of runs: list, get, logs, cancel, wait"),
    "dead-letters": (f"{_AT}.dead_letters:dead_letters", "runs that were given up: list, replay, discard"),
    "schedules": (f"{_AT}.schedules:schedules", "preview: when a schedule fires"),
    "plan": (f"{_AT}.manifests:plan", "what applying a manifest would change"),
    "apply": (f"{_AT}.manifests:apply", "make the jobs of a set what its manifest says"),
    "export": (f"{_AT}.manifests:export", "jobs as a manifest"),
    "import": (f"{_AT}.importing:import_", "crontab, kubernetes, celery-beat: a manifest of another scheduler's jobs"),
    "cluster": (f"{_AT}.cluster:cluster", "status: schedulers and workers"),
    "audit": (f"{_AT}.audit:audit", "who changed what"),
    "keys": (f"{_AT}.keys:keys", "API keys: list, create, revoke"),
    "login": (f"{_AT}.contexts:login", "check a key and keep it as a context"),
    "context": (f"{_AT}.contexts:context", "APIs by name: list, current, use, remove"),
    "api": (f"{_AT}.api:api", "any request: METHOD PATH"),
    "completion": (f"{_AT}.completion:completion", "completion for bash, zsh and fish"),
    "exit-codes": (f"{_AT}.completion:exit_codes", "what the exit codes mean"),
}

foliot = LazyGroup(
    "foliot", lazy=COMMANDS, help="Jobs, their schedules and their runs.", context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
click.version_option(package_name="foliot-cli", prog_name="foliot")(foliot)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code. `plan` has codes of its own: 2 says that something differs, so wrong usage is 1 there."""
    usage = 1 if list(arguments[:1]) == ["plan"] else 2
    try:
        result = foliot.main(list(arguments), prog_name="foliot", standalone_mode=False, obj=environment)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return usage
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("foliot: interrupted\n")
        return 130
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:
        return _told(error, usage)


def _told(error: Exception, usage: int) -> int:
    """What a command says when it fails. Loaded then: the first thing that a command needs is not its errors."""
    from foliot.cli.exits import USAGE, Stop, code_of, words_of  # noqa: PLC0415
    from foliot.client.errors import ClientError  # noqa: PLC0415

    if not isinstance(error, ClientError | Stop):
        raise error
    sys.stderr.write(words_of(error) + "\n")
    return 1 if usage == 1 else usage if code_of(error) == USAGE else code_of(error)


def _reader_left() -> int:
    """Who reads stdout has seen enough (`| head`). Python must not try to write the rest when it ends."""
    import os  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
