"""`foliot import`: a manifest on stdout, a report on stderr. No API is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from foliot.cli.exits import FAILED, USAGE, Stop

if TYPE_CHECKING:
    from foliot.cli.importers.found import Found


@click.group("import", help="Jobs of other schedulers as a manifest, for foliot plan and foliot apply.")
def import_() -> None:
    pass


@import_.command("crontab")
@click.argument("file")
@click.option(
    "--system/--user", "users", default=None, help="With a column that names the user, as in /etc/crontab, or without."
)
@click.option("--timezone", help="The zone of the machine's clock; this machine's by default.")
@click.option("--set", "set_name", default="crontab", show_default=True, help="The set that will own the jobs.")
def crontab(file: str, users: bool | None, timezone: str | None, set_name: str) -> int:
    """Read a crontab; - is stdin: crontab -l | foliot import crontab - > jobs.yaml

    Every line becomes a job or is named with the reason. Exit code 1: some lines did not become jobs.
    """
    from foliot.cli.importers.crontab import Crontab  # noqa: PLC0415

    text = _text(file)
    if users is None:
        users = file.startswith("/etc/")
        if not users and any(line.split()[5:6] == ["root"] for line in text.splitlines()):
            raise Stop("a command here is called root: say --system if that is the user's column, else --user", USAGE)
    return _print(Crontab(file, timezone or _here(), users=users).read(text), set_name)


@import_.command("kubernetes")
@click.argument("file")
@click.option("--set", "set_name", default="kubernetes", show_default=True, help="The set that will own the jobs.")
def kubernetes_(file: str, set_name: str) -> int:
    """Read CronJobs; - is stdin: kubectl get cronjobs -o yaml | foliot import kubernetes - > jobs.yaml

    Exit code 1: something did not become a job.
    """
    from foliot.cli.importers.kubernetes import kubernetes  # noqa: PLC0415

    return _print(kubernetes(_text(file), file), set_name)


@import_.command("celery-beat")
@click.argument("file")
@click.option("-A", "--app", "application", required=True, help="The application, as celery's own option -A names it.")
@click.option("--set", "set_name", default="celery-beat", show_default=True, help="The set that will own the jobs.")
def celery_beat_(file: str, application: str, set_name: str) -> int:
    """Read the beat_schedule of a Python module, without running it.

    Exit code 1: something did not become a job.
    """
    from foliot.cli.importers.celery_beat import celery_beat  # noqa: PLC0415

    return _print(celery_beat(_text(file), file, application), set_name)


def _text(file: str) -> str:
    with click.open_file(file, encoding="utf-8", errors="surrogateescape") as opened:
        return str(opened.read())


def _here() -> str:
    """The zone of this machine's clock."""
    path = Path("/etc/localtime").resolve().as_posix()
    return path.partition("zoneinfo/")[2] or "UTC"


def _print(found: Found, set_name: str) -> int:
    click.echo(found.manifest(set_name), nl=False)
    click.echo(found.report(), err=True)
    return FAILED if found.refused else 0
