"""`netdsl table`: a network as a table of a paper."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import get_terminal_size
from textwrap import indent

import click

from netdsl.tools.cli._spec import Request, SpecParameter, Stop, spec_options

SECTION = "See it"
STYLES = ("googlenet", "mobilenet", "resnet", "vgg", "vit")
FORMATS = ("csv", "html", "latex", "markdown", "text")


@click.command(
    short_help="Print a network as its paper's table.",
    epilog="""\b
Examples:
  netdsl table googlenet                           Table 1 of the GoogLeNet paper
  netdsl table resnet --format latex -o table.tex  all its depths, with booktabs
  netdsl table vgg --format markdown               Tables 1 and 2
  netdsl table mobilenet_v2                        t, c, n, s of each width
  netdsl table my.net --style vgg --format csv
  netdsl table vgg --format html | netdsl read-table -   and back

\b
Styles, each the table of a paper:
  vgg        a layer a row, a column for each variant; for networks whose
             layers follow one another
  resnet     stages of residual blocks in brackets, and the FLOPs
  googlenet  Inception modules with their filters in columns, params, ops
  mobilenet  inverted residuals: t, c, n, s
  vit        layers, hidden size, MLP size, heads

\b
Below a table stands what its cells do not say: the input, what holds
throughout, what the style leaves out, and where the paper prints another
figure than is computed.
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("--style", type=click.Choice(STYLES), help="Whose table.  [default: the first that has a place for all]")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="[default: by OUT's ending, else text]")
@click.option("-o", "--out", metavar="OUT", help="The file to write: .txt, .md, .tex, .html, .csv.  [default: stdout]")
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    spec: str,
    style: str | None,
    format_: str | None,
    out: str | None,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Print a network as a table of a paper, as text, Markdown, LaTeX, HTML or CSV.

    A family without a VARIANT is one table with a column for each, or a table for each where the style has no columns
    for them. `netdsl read-table` reads a table back.
    """
    from netdsl.analysis import tables
    from netdsl.backends.artefact import Kind
    from netdsl.tools.cli._checked import check, with_proposals
    from netdsl.tools.cli._output import check_place, write
    from netdsl.tools.cli._tell import say, show, status, undefined

    if out is not None and out != "-" and format_ is None:
        format_ = tables.formats.by_ending(Path(out).suffix)
        if format_ is None:
            known = ", ".join(tables.formats.find(name).ENDINGS[0] for name in FORMATS)
            raise click.UsageError(
                f"the ending of '{out}' does not say what to write: give it one of {known}, or use --format"
            )
    format_ = format_ or "text"
    written = tables.formats.find(format_)
    kind = Kind(format_, written.ENDINGS, written.COMMENT)
    path = None if out in (None, "-") else Path(str(out))
    if path is not None:
        check_place(path, kind, force)

    request = Request(spec, variant, settings, input_)
    checked = check(request)
    networks = [each.network for each, _ in checked.apart if each.network is not None]
    if not networks and not checked.report.errors:
        undefined(checked.report, request.name)
    if checked.report.errors:
        show(with_proposals(request, checked), color)
        raise Stop(status(checked.report))
    try:
        printed = tables.write_each(networks, style)
    except tables.NotPrintable as problem:
        raise click.ClickException(
            "no style has a place for it; `netdsl summary` prints any network\n" + indent(str(problem), "  ")
        ) from None
    text: str = written.write(printed.tables)
    if path is None:
        if format_ == "text" and sys.stdout.isatty():
            text = written.write(printed.tables, get_terminal_size().columns)
        click.echo(text, nl=False)
    else:
        write(text.encode(), path, kind)
        say(f"wrote {path}", err=True)
    return 0
