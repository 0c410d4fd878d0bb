"""`netdsl completion`: the script that teaches a shell netdsl's commands, options, and the names of the zoo."""

from __future__ import annotations

import click

SECTION = "Set it up"


@click.command(
    epilog="""\b
Examples:
  netdsl completion bash >> ~/.bashrc
  netdsl completion zsh >> ~/.zshrc
  netdsl completion fish > ~/.config/fish/completions/netdsl.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    from netdsl.tools.cli._group import program

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    maker = kind(program, {}, "netdsl", "_NETDSL_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())
