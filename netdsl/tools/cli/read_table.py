"""`netdsl read-table`: a table pasted from a paper to a spec."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.tools.cli._spec import STDIN, color_option, read_stdin

SECTION = "Write a spec"
STYLES = ("googlenet", "mobilenet", "resnet", "vgg", "vit")


@click.command(
    short_help="Turn a paper's table into a spec.",
    epilog="""\b
Examples:
  netdsl read-table table.md -o my.net      Markdown
  netdsl read-table paper.tex -o my.net     the first `tabular` with layers
  pdftotext -layout p.pdf - | netdsl read-table -    text in columns
  netdsl read-table vgg.txt --with prelude.net       with its own defaults

\b
A prelude is the beginning of a spec, in place of what is assumed:
  input 3x227x227
  default conv(act=relu)
  default lrn(alpha=5e-4)

\b
Exit status: 0 fine, 1 where a cell could not be read, or the shapes and
counts that the table prints do not follow from its layers, 2 wrong use.
""",
)
@click.argument("file", metavar="FILE")
@click.option("-o", "--out", metavar="OUT.net", help="The file to write.  [default: stdout]")
@click.option(
    "--with", "prelude", metavar="PRELUDE.net", help="The input, params and defaults that the table does not print."
)
@click.option("--style", type=click.Choice(STYLES), help="Whose table it is.  [default: by its columns]")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@color_option
def command(file: str, out: str | None, prelude: str | None, style: str | None, force: bool, color: str) -> int:
    """Turn a table of layers into a spec: from Markdown, HTML, LaTeX, lines with tabs or commas, or text in columns.

    Papers' spellings are understood, merged cells, line breaks in cells, marks of footnotes, and the seams of text from
    a PDF. Every cell that cannot be read is told, with row and column; sizes and counts that the table prints become
    claims. What a paper says outside of its table (the input, activations, norms) is the style's, unless --with says
    it; it is told.
    """
    from netdsl import compiler
    from netdsl.analysis import tables
    from netdsl.backends.artefact import Kind
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source
    from netdsl.tools.cli._output import check_place, write
    from netdsl.tools.cli._tell import say, show, status
    from netdsl.tools.reports import in_every_variant, together

    kind = Kind("spec", (".net",))
    path = None if out in (None, "-") else Path(str(out))
    if path is not None:
        check_place(path, kind, force)
    before = _text(prelude) if prelude is not None else ""
    source = Source("<stdin>" if file == STDIN else file, read_stdin() if file == STDIN else _text(file))
    report = Report()
    spec = tables.read(source, report, style)
    if spec is None:
        show(report, color)
        return status(report)
    text = spec.text(before)
    made = Source(str(path) if path else "<spec>", text)
    folder = path.parent if path else Path.cwd()
    found = in_every_variant(lambda variant: compiler.compile(made, variant=variant, directory=folder), None).values()
    if not report.errors:  # a cell that is missing makes the others wrong, too
        report.extend(together([each.report for each in found]))
    show(report, color)
    assumed = [each for each in spec.assumed if each.split("(")[0] not in before]
    if assumed:
        say(f"assumed, since the table does not say it: {'; '.join(assumed)}", err=True)
    if path is None:
        click.echo(text, nl=False)
    else:
        write(text.encode(), path, kind)
        say(f"wrote {path}", err=True)
    return status(report)


def _text(name: str) -> str:
    """The text of a file. Ends the command where it cannot be read."""
    from netdsl.elaborate.files import read, why

    try:
        return read(Path(name), name, piped=True).text
    except (OSError, ValueError) as problem:
        raise click.UsageError(f"'{name}' cannot be read: {why(problem)}") from None
