"""`netdsl chart`: charts of networks and of their history."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import Request, SpecParameter, options, spec_options
from netdsl.tools.cli._tell import say

if TYPE_CHECKING:
    from netdsl.analysis.charts import Chart
    from netdsl.backends.artefact import Kind
    from netdsl.ir import Network

SECTION = "See it"
ENDINGS = (".svg", ".png", ".pdf", ".csv")

output_options = options(
    click.option(
        "-o", "--out", metavar="OUT", help="The .svg, .png, .pdf or .csv file to write.  [default: the data, to stdout]"
    ),
    click.option(
        "--dpi",
        type=click.IntRange(36, 1200),
        metavar="N",
        default=200,
        show_default=True,
        help="Pixels to the inch of a PNG.",
    ),
    click.option("--force", is_flag=True, help="Replace a file that netdsl did not write."),
)


@click.group(
    short_help="Draw charts: accuracy, depth, cost, comparisons.",
    epilog="""\b
Examples:
  netdsl chart accuracy -o accuracy.svg        accuracy against operations
  netdsl chart depth -o depth.pdf              the revolution of depth
  netdsl chart operations -o operations.svg    convolution, ReLU, pooling
  netdsl chart cost resnet:50-layer -o cost.png
  netdsl chart compare vgg:D googlenet resnet:50-layer -o three.svg
  netdsl chart scale alexnet vgg19 resnet152 -o scale.svg
  netdsl chart depth                           its data, as a table
  netdsl chart accuracy -o accuracy.csv        its data, for other programs

\b
Pictures need matplotlib: pip install 'netdsl[charts]'. Without -o nothing
but the data is printed, which needs it not.
""",
)
def command() -> None:
    """Draw a chart, or print its data.

    What is computed comes from specs; what was published stands beside it, with its errata in the notes.
    """


@command.command()
@output_options
def accuracy(out: str | None, dpi: int, force: bool) -> None:
    """Accuracy against operations, parameters as the area of the circle.

    The figure of Canziani, Paszke and Culurciello (2016): operations and parameters from the specs, the published
    values beside them, and where these err.
    """
    from netdsl.analysis.charts import accuracy

    _deliver(accuracy.chart(), out, dpi, force)


@command.command()
@output_options
def depth(out: str | None, dpi: int, force: bool) -> None:
    """The revolution of depth: layers and top-5 errors of ILSVRC, 2010 to 2015."""
    from netdsl.analysis.charts import depth

    _deliver(depth.chart(), out, dpi, force)


@command.command()
@output_options
def operations(out: str | None, dpi: int, force: bool) -> None:
    """Key operations of a convolutional network, on one small image: convolution, ReLU, pooling, feature maps."""
    from netdsl.analysis.charts import operations

    _deliver(operations.chart(), out, dpi, force)


def _of_networks(drawn: Callable[[list[Network]], Chart]) -> Callable[..., None]:
    """A command over specs, of what draws the chart of their networks; its first words are the command's help."""

    @output_options
    @spec_options
    @wraps(drawn)
    def delivered(
        specs: tuple[str, ...],
        out: str | None,
        dpi: int,
        force: bool,
        variant: str | None,
        settings: tuple[str, ...],
        input_: str | None,
        color: str,
    ) -> None:
        from netdsl.tools.cli._known import network

        _check(out, force)
        networks = [network(Request(spec, variant, settings, input_), color) for spec in specs]
        _deliver(drawn(networks), out, dpi, force)

    return delivered


_specs = click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1, required=True)


@command.command()
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]", callback=lambda _ctx, _param, spec: (spec,))
@_of_networks
def cost(networks: list[Network]) -> Chart:
    """Where a network spends: params, multiply-adds and activations by stage, and its receptive field over depth."""
    from netdsl.analysis.charts import cost

    return cost.chart(networks[0])


@command.command()
@_specs
@_of_networks
def compare(networks: list[Network]) -> Chart:
    """Networks side by side: params, multiply-adds, depth, memory."""
    from netdsl.analysis.charts import compare

    return compare.chart(networks)


@command.command()
@_specs
@_of_networks
def scale(networks: list[Network]) -> Chart:
    """Networks to one scale: a bar for each layer with weights, as wide as the layer."""
    from netdsl.analysis.charts import scale

    return scale.chart(networks)


def _check(out: str | None, force: bool) -> Path | None:
    """The file to write, if any. Raises `UsageError` for one that may not be written."""
    from netdsl.tools.cli._output import check_place

    if out in (None, "-"):
        return None
    path = Path(str(out))
    if path.suffix.lower() not in ENDINGS:
        raise click.UsageError(f"'{out}' must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    check_place(path, _kind(path), force)
    return path


def _kind(path: Path) -> Kind:
    from netdsl.backends.artefact import Kind
    from netdsl.backends.artefacts import find

    ending = path.suffix.lower()
    return Kind("csv", (".csv",)) if ending == ".csv" else find(ending[1:])


def _deliver(chart: Chart, out: str | None, dpi: int, force: bool) -> None:
    """Write a chart to a file, or print its data; its notes go to stderr, where they disturb no pipe."""
    from netdsl.tools.cli._columns import aligned
    from netdsl.tools.cli._output import write

    path = _check(out, force)
    if path is None:
        shown = [
            tuple("" if value is None else f"{value:,.2f}" if isinstance(value, float) else str(value) for value in row)
            for row in chart.rows
        ]
        numbers = {n for n in range(len(chart.columns)) if any(isinstance(row[n], (int, float)) for row in chart.rows)}
        for line in aligned([chart.columns, *shown], right=numbers):
            say(line)
    else:
        kind = _kind(path)
        try:
            data = chart.csv() if kind.name == "csv" else chart.picture(kind.name, dpi)
        except ModuleNotFoundError:
            raise click.ClickException("pictures of charts need matplotlib: pip install 'netdsl[charts]'") from None
        write(data, path, kind)
        say(f"wrote {path}", err=True)
    for note in chart.notes:
        say(f"note: {note}", err=True)
