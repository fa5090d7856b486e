"""`foliot completion` and `foliot exit-codes`: what a shell and a script need to know."""

from __future__ import annotations

import click

from foliot.cli.exits import PAGE


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for a shell: eval "$(foliot completion bash)"."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    from foliot.cli.app import foliot  # noqa: PLC0415

    kind = get_completion_class(shell)
    assert kind is not None, "click knows all three"
    click.echo(kind(foliot, {}, "foliot", "_FOLIOT_COMPLETE").source())


@click.command("exit-codes")
def exit_codes() -> None:
    """Print what the exit codes mean."""
    click.echo(PAGE, nl=False)
