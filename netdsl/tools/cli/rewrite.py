"""`netdsl rewrite`: the papers' own transformations of a network, made on the text of its spec."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from netdsl.tools.cli._change import deliver, refuse_zoo
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, color_option, options
from netdsl.tools.cli._tell import say, show, status

if TYPE_CHECKING:
    from netdsl.analysis.rewrite import Rewritten

    Change: TypeAlias = Callable[..., Rewritten]

SECTION = "Write a spec"
_INTO = ("3x3", "1xn")
_CHANNELS = ("out", "in", "grow")


@click.group(
    epilog="""\b
Examples:
  netdsl rewrite factorize alexnet.net conv2      the text, to standard output
  netdsl rewrite factorize -i net.net             every kernel over 3x3
  netdsl rewrite factorize --into 1xn --kernel 7x7 --diff net.net
  netdsl rewrite reduce --ratio 4 -i vgg.net

Each result is compiled before it is written: it is right, and gives the shape
it gave. Claims (`expect`) that the new network does not keep are taken out and
named. Exit status: 0 done, or nothing to do; 1 it cannot be done; 2 wrong use.
"""
)
def command() -> None:
    """Change a network as the papers did, in the text of its spec.

    Only the statements that change are written anew; layout and comments stay. What changed, and what it costs before
    and after, goes to stderr.
    """


def _transformation(function: Callable[..., Change]) -> Callable[..., int]:
    """A command that rewrites a spec, made of a function from the options of its own to what is done with the text."""

    @options(
        click.argument("spec", type=SpecParameter(), metavar="FILE"),
        click.argument("labels", metavar="[LABEL]...", nargs=-1),
        click.option("--kernel", metavar="KxK", help="Only convolutions of this size."),
        click.option("--in-place", "-i", is_flag=True, help="Write the file itself."),
        click.option("--diff", is_flag=True, help="Print the changes, not the text; write nothing."),
        click.option("--keep-claims", is_flag=True, help="Fail where a claim does not hold any more."),
        color_option,
    )
    @wraps(function)
    def run(
        spec: str,
        labels: tuple[str, ...],
        kernel: str | None,
        in_place: bool,
        diff: bool,
        keep_claims: bool,
        color: str,
        **own: Any,
    ) -> int:
        request = _request(spec, in_place)
        change = partial(
            function(**own), compile=request.compile_all, labels=labels, kernel=_size(kernel), keep_claims=keep_claims
        )
        return _rewrite(request, change, in_place, diff, color)

    return run


@command.command(
    short_help="Large kernels as stacks of small ones.",
    epilog="""\b
Examples:
  netdsl rewrite factorize googlenet_own.net --diff
  netdsl rewrite factorize net.net --into 1xn
  netdsl rewrite factorize net.net conv2 --channels grow -i
""",
)
@click.option(
    "--into", type=click.Choice(_INTO), default="3x3", show_default=True, help="A stack of 3x3, or 1xn and nx1."
)
@click.option(
    "--channels",
    type=click.Choice(_CHANNELS),
    default="out",
    show_default=True,
    help="Those between the layers: as come out, as come in, or growing in equal steps.",
)
@_transformation
def factorize(into: str, channels: str) -> Change:
    """Large kernels as stacks of small ones: 5x5 as two 3x3, 7x7 as three; or n x n as 1xn and nx1.

    LABEL are the statements to change, with all inside them; without any, all that cost less then. The last layer of
    a stack has the stride, as in Inception-v2, so that the window stays what it was.

    From: Simonyan & Zisserman 2015, section 2.3; Szegedy et al. 2016, section 3.
    """
    from netdsl.analysis import rewrite

    return partial(rewrite.factorize, into=into, channels=channels)


@command.command(
    short_help="1x1 convolutions before large ones.",
    epilog="""\b
Examples:
  netdsl rewrite reduce vgg_own.net --diff
  netdsl rewrite reduce net.net conv4 --to 64
  netdsl rewrite reduce net.net --kernel 5x5 -i
""",
)
@click.option(
    "--ratio",
    type=click.IntRange(min=2),
    metavar="N",
    default=None,
    help="Channels in for one behind the reduction.  [default: 4]",
)
@click.option(
    "--to", type=click.IntRange(min=1), metavar="N", default=None, help="So many channels behind the reduction."
)
@click.option("--bottleneck", is_flag=True, help="Restore the channels by another 1x1 convolution behind.")
@_transformation
def reduce(ratio: int | None, to: int | None, bottleneck: bool) -> Change:
    """A 1x1 convolution before large ones, which then see a quarter of the channels.

    LABEL are the statements to change, with all inside them; without any, all that cost less then. A bracket of
    two rows, [3x3, C; 3x3, C], becomes the bottleneck [1x1, C/4; 3x3, C/4; 1x1, C].

    From: Lin et al. 2014; Szegedy et al. 2015, section 4; He et al. 2016, section 4.1.
    """
    from netdsl.analysis import rewrite

    if ratio is not None and to is not None:
        raise click.UsageError("--ratio and --to both say how many channels; give one of them")
    return partial(rewrite.reduce, ratio=ratio or rewrite.RATIO, to=to, bottleneck=bottleneck)


def _request(spec: str, in_place: bool) -> Request:
    request = Request(spec, None)
    if request.variant is not None:
        raise click.UsageError("a file is rewritten for all its variants; leave the variant out")
    if in_place and request.path == STDIN:
        raise click.UsageError("standard input has no place; leave --in-place out")
    if in_place:
        refuse_zoo(request, "--in-place")
    return request


def _size(written: str | None) -> tuple[int, int] | None:
    if written is None:
        return None
    from netdsl.syntax import parse_dims

    found = parse_dims(written)
    if found is None or len(found) > 2:
        raise click.BadParameter(f"'{written}' is not a size such as 5x5", param_hint="'--kernel'")
    return (found[0], found[-1])


def _rewrite(request: Request, change: Change, in_place: bool, diff: bool, color: str) -> int:
    """Rewrite, write, and tell."""
    from netdsl.analysis.rewrite import CannotRewrite
    from netdsl.tools.cli import WRONG_SPEC
    from netdsl.tools.cli._costs import costs

    first = request.compile()
    if first.file is None:
        show(first.report, color)
        return status(first.report)
    source = first.file.source
    try:
        found = change(source)
    except CannotRewrite as refusal:
        if refusal.report is not None:
            show(refusal.report, color)
        say(f"{request.name}: {refusal.message}", err=True)
        return WRONG_SPEC
    deliver(source, found.text, request.place if in_place else None, diff=diff)
    click.echo(costs(request.name, found), err=True)
    return 0
