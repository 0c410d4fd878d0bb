"""`netdsl new`: a spec of one's own that starts as a copy of one from the zoo."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.text.files import create
from netdsl.tools.cli._tell import say
from netdsl.tools.cli.show import spec_text

SECTION = "Write a spec"


@click.command(
    epilog="""\b
Examples:
  netdsl new vgg my.net
  netdsl new resnet nets/ours.net
  netdsl new --random --seed 7
"""
)
@click.argument("name", metavar="NAME", required=False)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--random", "random", is_flag=True, help="Print a spec drawn at random instead.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="The number of the random spec.")
def command(name: str | None, file: Path | None, random: bool, seed: int | None) -> None:
    """Copy a spec of the zoo into FILE, to start from. An existing file is never replaced.

    With --random there is neither NAME nor FILE: a spec that compiles is printed, the same for the same --seed.
    """
    if random or seed is not None:
        _print_random(random, seed, name)
        return
    if name is None or file is None:
        raise click.UsageError("say which spec and into which file, as in `netdsl new vgg my.net`, or --random")
    text = spec_text(name)
    if not file.parent.is_dir():
        raise click.UsageError(f"there is no directory '{file.parent}' to write into")
    try:
        create(text.encode(), file)
    except FileExistsError:
        raise click.UsageError(f"'{file}' exists; choose another name") from None
    say(f"wrote {file}", err=True)
    for wanted in _drawn_in(text):
        say(f"it draws in '{wanted}', which must lie beside it: netdsl show {Path(wanted).stem}", err=True)


def _print_random(random: bool, seed: int | None, name: str | None) -> None:
    if not random or name is not None:
        raise click.UsageError("--random takes no NAME and no FILE, and --seed stands beside --random")
    try:
        from netdsl.testing.texts import random_spec
    except ModuleNotFoundError:
        raise click.ClickException("drawing needs hypothesis: pip install 'netdsl[test]'") from None
    from random import SystemRandom

    click.echo(random_spec(SystemRandom().randrange(10**6) if seed is None else seed), nl=False)


def _drawn_in(text: str) -> list[str]:
    """The files that a spec uses or extends."""
    from netdsl.syntax import parse, tree
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

    statements = parse(Source("spec", text), Report()).statements
    return [str(each.path.value) for each in statements if isinstance(each, (tree.Use, tree.Extends))]
