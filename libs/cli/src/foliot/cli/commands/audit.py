"""`foliot audit`: who changed what."""

from __future__ import annotations

import click

from foliot.cli.session import Session
from foliot.cli.verbs import Verb
from foliot.client import operations


@click.command("audit", cls=Verb, examples="foliot audit\nfoliot audit --limit 1000 -o ndjson")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many at most.")
def audit(session: Session, limit: int) -> None:
    """List changes, newest first. Needs an admin's key."""
    found = session.collect(operations.list_audit_logs(limit=min(limit, 200)), limit)
    columns = ("audit_id", "created_at", "action", "resource_type", "resource_id", "user_id", "key_name", "ip_address")
    session.output.items(found, columns, "audit_id")
