"""`foliot keys`: API keys. All need an admin's key."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.session import Session
from foliot.cli.verbs import Noun
from foliot.client import operations

_COLUMNS = ("key_id", "name", "role", "user_id", "team_id", "expires_at", "revoked_at", "last_used_at")


@click.group("keys", cls=Noun, help="API keys.")
def keys() -> None:
    pass


@keys.command("list", examples="foliot keys list")
def list_(session: Session) -> None:
    """List keys; the secrets are not stored."""
    session.output.items(session.collect(operations.list_keys(), None), _COLUMNS, "key_id")


@keys.command("create", examples="foliot keys create --name ci --role operator --team-id 3")
@click.option("--name", required=True, help="For people.")
@click.option("--role", required=True, help="viewer, runner, operator or admin.")
@click.option("--user-id", type=int, help="Yours by default.")
@click.option("--team-id", type=int, help="Yours by default.")
@click.option("--create-team", is_flag=True, help="The team is a new one.")
@click.option("--expires-at", help="RFC 3339.")
def create(session: Session, **given: Any) -> None:
    """Make a key and show it, once."""
    body = {name: value for name, value in given.items() if value not in (None, False)}
    session.output.item(session.ask(operations.create_key(body)), "key")


@keys.command("revoke", examples="foliot keys revoke 7")
@click.argument("key", type=int)
@click.option("--force", is_flag=True, help="Even the last admin's.")
def revoke(session: Session, key: int, force: bool) -> None:
    """End a key within a second."""
    session.confirm(f"revoke key {key}")
    session.output.item(session.ask(operations.revoke_key(key, force=force or None)), "key_id")
