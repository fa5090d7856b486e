"""Server and command of different releases: a warning, no error."""

from __future__ import annotations

from importlib.metadata import version

from foliot.cli.session import Session
from foliot.client.errors import Refused
from foliot.client.request import Request


def warn_of_another_version(session: Session) -> None:
    """Silent with a server that does not tell its version."""
    try:
        told = session.ask(Request(method="GET", path="/v1"))
    except Refused:
        return
    theirs, ours = told.get("version"), version("foliot-cli")
    if theirs and theirs != ours:
        session.output.note(f"warning: the server is Foliot {theirs}, this command {ours}")
