"""`netdsl report`: a network as one page."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.tools.cli._spec import Request, SpecParameter, Stop, spec_options

SECTION = "See it"


@click.command(
    short_help="Write a page with all that is known of a network.",
    epilog="""\b
Examples:
  netdsl report googlenet                      write googlenet.html
  netdsl report resnet:50-layer -o r50.html
  netdsl report my.net -o - | less             to standard output

\b
The page stands alone: its spec in colours, picture, layers, the table of its
paper, where it spends, claims with their verdicts, warnings, and its PyTorch
source. It needs no network and no scripts, and prints well. Colours need
pygments, the chart matplotlib: pip install 'netdsl[charts]'.
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option(
    "-o", "--out", metavar="OUT.html", help="The file to write, or - for stdout.  [default: FILE's name, here]"
)
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    spec: str,
    out: str | None,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Write one page of HTML with all that is known of a network. A wrong spec has none."""
    from netdsl.backends.artefact import Kind
    from netdsl.tools.cli._known import known
    from netdsl.tools.cli._output import check_place, write
    from netdsl.tools.cli._tell import say

    request = Request(spec, variant, settings, input_)
    kind = Kind("html", (".html", ".htm"), "<!-- {} -->")
    path = None if out == "-" else Path(out or f"{request.stem}.html")
    if path is not None:
        if path.suffix.lower() not in kind.endings:
            raise click.UsageError(f"'{path}' must end in {' or '.join(kind.endings)}")
        check_place(path, kind, force)
    network, _, ending = known(request, color)
    if ending:
        raise Stop(ending)

    from netdsl.tools.report import page

    write(page(request.compile(), network).encode(), path, kind)
    if path is not None:
        say(f"wrote {path}", err=True)
    return 0
