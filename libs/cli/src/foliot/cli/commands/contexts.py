"""`foliot login` and `foliot context`: APIs by name."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from foliot.cli.commands.versions import warn_of_another_version
from foliot.cli.contexts import Contexts
from foliot.cli.exits import NOT_FOUND, Stop
from foliot.cli.session import Session
from foliot.cli.target import Flags
from foliot.cli.verbs import Noun, Verb
from foliot.client import operations


@click.command(
    "login",
    cls=Verb,
    examples="foliot login https://foliot.example.org --name prod --protected < key\nfoliot login http://127.0.0.1:8080",
)
@click.argument("address")
@click.option("--name", default="default", show_default=True, help="Of the context.")
@click.option("--protected", is_flag=True, help="Ask for the name before something is deleted or changed in bulk.")
def login(session: Session, address: str, name: str, protected: bool) -> None:
    """Read a key from stdin, check it, and keep it as the current context (mode 600)."""
    key = click.prompt("key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    environment = {**session.environment, "FOLIOT_API_KEY": key.strip()}
    checking = Session(Flags(url=address), "table", environment)
    with closing(checking):
        checking.ask(operations.list_jobs(limit=1, fields=["job_id"]))
        warn_of_another_version(checking)
    contexts = Contexts.of(session.environment)
    contexts.all[name] = {"url": address, "key": key.strip()} | ({"protected": True} if protected else {})
    contexts.current = name
    contexts.save()
    session.output.note(f"{name} is the current context, in {contexts.path}")


@click.group("context", cls=Noun, help="Contexts: APIs by name, each with its key.")
def context() -> None:
    pass


@context.command("list", examples="foliot context list")
def list_(session: Session) -> None:
    """List contexts, without their keys."""
    contexts = Contexts.of(session.environment)
    found = [
        {
            "name": name,
            "url": one.get("url"),
            "protected": bool(one.get("protected")),
            "current": name == contexts.current,
        }
        for name, one in sorted(contexts.all.items())
    ]
    session.output.items(found, ("name", "url", "protected", "current"), "name")


@context.command("current", examples="foliot context current")
def current(session: Session) -> None:
    """Show which API a command would ask, and why that one."""
    chosen = session.context
    shown = {
        "name": chosen.name or None,
        "url": chosen.url,
        "source": chosen.source,
        "signed_in": chosen.key is not None,
    }
    session.output.item(shown, "name")


@context.command("use", examples="foliot context use prod")
@click.argument("name")
def use(session: Session, name: str) -> None:
    """Make a context the current one."""
    contexts = Contexts.of(session.environment)
    contexts.current = contexts.named(name, "context use").name
    contexts.save()


@context.command("remove", examples="foliot context remove old")
@click.argument("name")
def remove(session: Session, name: str) -> None:
    """Forget a context and its key."""
    contexts = Contexts.of(session.environment)
    if contexts.all.pop(name, None) is None:
        raise Stop(f"there is no context {name!r}", NOT_FOUND)
    contexts.current = None if contexts.current == name else contexts.current
    contexts.save()
