"""`netdsl show`: the text of a spec of the zoo, or the page of a block of the standard library."""

from __future__ import annotations

import click

from netdsl.tools.cli._spec import SpecParameter

SECTION = "Write a spec"


@click.command(
    short_help="Print a spec of the zoo, or a block of the library.",
    epilog="""\b
Examples:
  netdsl show vgg
  netdsl show vgg16_bn          the table in which it is a column
  netdsl show resnet | less -S
  netdsl show se                a block of the standard library
""",
)
@click.argument("name", type=SpecParameter(), metavar="NAME")
def command(name: str) -> None:
    """Print the spec of a network of the zoo, as its file is written, or a block of the standard library."""
    from netdsl import zoo
    from netdsl.elaborate.files import standard_blocks

    if zoo.spec_of(name.removesuffix(".net")) is None and name in standard_blocks():
        from netdsl.tools import manual

        click.echo(manual.find(name))
        return
    click.echo(spec_text(name), nl=False)


def spec_text(name: str) -> str:
    """The text of a spec of the zoo. Raises `UsageError` where there is none by that name."""
    from netdsl import zoo
    from netdsl.text.diagnostics import did_you_mean

    path = zoo.spec_of(name.removesuffix(".net"))
    if path is None:
        hint = did_you_mean(name, zoo.known()) or "`netdsl zoo` lists the networks that come with netdsl"
        raise click.UsageError(f"there is no network '{name}' in the zoo; {hint}")
    return path.read_text("utf-8")
