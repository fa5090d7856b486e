"""`foliot cluster`: the processes of Foliot."""

from __future__ import annotations

import click

from foliot.cli.commands.versions import warn_of_another_version
from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations


@click.group("cluster", cls=Noun, help="The cluster: its schedulers and workers.")
def cluster() -> None:
    pass


@cluster.command("status", examples="foliot cluster status")
def status(session: Session) -> None:
    """List living schedulers and workers."""
    warn_of_another_version(session)
    schedulers = session.ask(operations.list_schedulers())["items"]
    workers = session.ask(operations.list_workers())["items"]
    found = [{"kind": "scheduler", "name": one["scheduler_id"], "state": one["role"], **one} for one in schedulers]
    found += [
        {"kind": "worker", "name": one["worker_id"], "state": f"{one['running']} of {one['slots']} slots", **one}
        for one in workers
    ]
    session.output.items(found, ("kind", "name", "state", "pools", "last_heartbeat"), "name")
