"""`foliot api`: any request, with the key and the retries of the other commands."""

from __future__ import annotations

import click
import msgspec

from foliot.cli.exits import USAGE, Stop
from foliot.cli.session import Session
from foliot.cli.verbs import Verb
from foliot.client.request import Request


@click.command("api", cls=Verb, examples="foliot api GET '/v1/jobs?limit=2'\nfoliot api POST /v1/jobs -f job.json")
@click.argument("method")
@click.argument("path")
@click.option("-f", "--file", help="The body as JSON; - is stdin.")
def api(session: Session, method: str, path: str, file: str | None) -> None:
    """Send METHOD PATH and print the answer as it came."""
    if not path.startswith("/"):
        raise Stop(f"PATH begins with /, not {path!r}", USAGE)
    changes = method.upper() not in ("GET", "HEAD")
    if changes:
        session.confirm(f"{method.upper()} {path}")
    body = None
    if file is not None:
        with click.open_file(file, "rb") as opened:
            body = msgspec.Raw(opened.read())
    reply = session.client.answer(Request(method=method.upper(), path=path, body=body, keyed=changes))
    session.output.text(reply.body.decode(errors="replace") + ("\n" if reply.body else ""))
