"""`netdsl compare`: how two networks differ, aligned by structure."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._known import network
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, Stop, color_option

if TYPE_CHECKING:
    from netdsl.analysis.compare.text import Line
    from netdsl.ir import Network

SECTION = "See it"
LIBRARIES = ("torchvision", "timm")
"""Whose models a spec can be held against."""
_STYLES = {"added": "help", "removed": "error", "changed": "warning", "rewired": "warning", "input": "warning"}
_STYLES |= {"output": "warning", "aux": "warning", "recipe": "warning", "init": "warning"}


@click.command(
    short_help="Tell how two networks differ.",
    epilog="""\b
Examples:
  netdsl compare vgg:D vgg:E                    three convolutions more
  netdsl compare resnet:50-layer resnet_v1_5:50    the stride has moved
  netdsl compare googlenet googlenet_bn --all   every layer, side by side
  netdsl compare old.net new.net --names        in CI: weights must fit, too
  netdsl compare my.net my.net --set-right width=0.5
  netdsl compare a.net b.net --json | jq '.findings[].text'
  netdsl compare my.net torchvision:resnet50    against a live model

\b
+ only the second has it, - only the first has it, ~ both have it, changed,
= the same on inputs of other shapes. The figures beside a line are what it
changes, in all its places; together they are the change of the totals.

\b
Exit status, as of diff: 0 the same, 1 they differ, 2 a spec is wrong or
cannot be read.
""",
)
@click.argument("left", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.argument("right", type=SpecParameter(), metavar="FILE[:VARIANT]|LIBRARY:MODEL")
@click.option("--all", "all_", is_flag=True, help="All findings, and the layers side by side.")
@click.option("--json", "json_", is_flag=True, help="As JSON, all figures exact.")
@click.option("--names", is_flag=True, help="Other names of weights are a difference, too.")
@click.option("--recipe", is_flag=True, help="Compare how they are trained, too.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Set a param of both specs.")
@click.option("--set-left", metavar="NAME=VALUE", multiple=True, help="Set a param of the first.")
@click.option("--set-right", metavar="NAME=VALUE", multiple=True, help="Set a param of the second.")
@click.option("--input", "input_", metavar="CxHxW", help="Another shape for the first input of both.")
@color_option
def command(
    left: str,
    right: str,
    all_: bool,
    json_: bool,
    names: bool,
    recipe: bool,
    settings: tuple[str, ...],
    set_left: tuple[str, ...],
    set_right: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Tell how two networks differ: by their layers and wiring, not by how they are written.

    Blocks, groups, labels, repeats and brackets are looked through. What changed alike in many places is told once,
    with its count.

    In the place of the second, `torchvision:NAME` or `timm:NAME` is a live model: names, shapes and counts, and outputs
    with its weights, copied by name, else in order where all shapes agree.
    """
    if left == right == STDIN:
        raise click.UsageError("standard input can be one of the two only")
    if right.partition(":")[0] in LIBRARIES and ":" in right:
        if all_ or recipe or set_right:
            raise click.UsageError("--all, --recipe and --set-right are for two specs, not for a model")
        made = _network(Request(left, None, (*settings, *set_left), input_), color)
        return _against(made, right, json_, names)
    networks = [
        _network(Request(spec, None, (*settings, *more), input_), color)
        for spec, more in ((left, set_left), (right, set_right))
    ]

    from netdsl.analysis.compare import compare

    difference = compare(*networks, recipe=recipe)
    if json_:
        from netdsl.analysis.compare.document import document

        click.echo(json.dumps(document(difference), indent=2))
    else:
        from netdsl.analysis.compare.difference import full, short

        _print(full(difference) if all_ else short(difference), color)
    return int(not difference.same or (names and bool(difference.renamed)))


def _against(network: Network, name: str, json_: bool, names: bool) -> int:
    """Hold a network against a live model; the exit status."""
    from dataclasses import asdict

    from netdsl.backends.torch.against import ModelError, against, lines, model
    from netdsl.text.visible import visible

    try:
        found = against(network, model(name))
    except ModelError as problem:
        raise click.ClickException(str(problem)) from None
    if json_:
        click.echo(json.dumps({"format_version": 1, "model": name, "same": found.same, **asdict(found)}, indent=2))
    else:
        click.echo(f"{visible(network.name)} against {visible(name)}")
        for line in lines(found, name):
            click.echo(f"  {visible(line)}")
    return int(not found.same or (names and bool(found.missing or found.unknown)))


def _network(request: Request, color: str) -> Network:
    """The network of a spec; as for diff, trouble is not a difference."""
    try:
        return network(request, color)
    except Stop:
        from netdsl.tools.cli import WRONG_USE

        raise Stop(WRONG_USE) from None


def _print(lines: list[Line], color: str) -> None:
    from netdsl.text.visible import visible
    from netdsl.tools.render.paint import paint, wants_color

    colored = wants_color(sys.stdout, color)
    for line in lines:
        text = visible(line.text)
        if line.role in _STYLES:
            text = paint(text[:1], _STYLES[line.role], colored) + text[1:]
        else:
            text = paint(text, line.role, colored)
        click.echo(text, color=colored)
