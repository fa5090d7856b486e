"""Verbs: commands that know which API to ask."""

from __future__ import annotations

from typing import Any

import click

from foliot.cli.output import FORMS
from foliot.cli.session import Session
from foliot.cli.target import Flags


class Verb(click.Command):
    """Its function gets a Session and the options of its own. `examples`: lines that help shows first."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common()
        self._examples = examples

    def invoke(self, ctx: click.Context) -> Any:
        given = ctx.params
        flags = Flags(given.pop("context"), given.pop("url"), given.pop("api_key_file"))
        session = Session(flags, given.pop("output"), ctx.obj, given.pop("confirm"))
        ctx.call_on_close(session.close)
        ctx.params = {"session": session, **given}
        return super().invoke(ctx)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self._examples:
            with formatter.section("Examples"):
                for line in self._examples.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n")
        super().format_help_text(ctx, formatter)


class Noun(click.Group):
    """A group whose verbs are of this kind."""

    command_class = Verb


def _common() -> list[click.Parameter]:
    return [
        click.Option(["-o", "--output"], type=click.Choice(FORMS), default="table", help="Form of the data."),
        click.Option(["--context"], help="The API by the name of its context, with the context's key."),
        click.Option(["--url"], help="The API by its address."),
        click.Option(["--api-key-file"], help="A file that holds the key."),
        click.Option(["--confirm"], help="The name of a protected context, instead of typing it."),
    ]
