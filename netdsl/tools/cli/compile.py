"""`netdsl compile`: a spec to a PyTorch source file, a diagram, or the network as JSON."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.tools.cli._output import ENDINGS, check_place, kind_of, write
from netdsl.tools.cli._spec import Request, SpecParameter, network, spec_options

SECTION = "Run it"


@click.command(
    epilog="""\b
Examples:
  netdsl compile vgg19.net                    write vgg19.py
  netdsl compile vgg.net:D                    write vgg_D.py
  netdsl compile vgg:D -o -                   source of a zoo network, to stdout
  netdsl compile vgg19.net -o vgg19.svg       draw it
  netdsl compile resnet.net --variant 50-layer --set classes=10 -o net.py
"""
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("-o", "--out", metavar="OUT", help="The file to write, or - for stdout.  [default: FILE's name, here]")
@click.option("--to", type=click.Choice(list(ENDINGS)), help="What to write.  [default: by OUT's ending, else torch]")
@click.option("--probabilities", is_flag=True, help="Let the module apply a final softmax, not return logits.")
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    spec: str,
    out: str | None,
    to: str | None,
    probabilities: bool,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> None:
    """Compile a spec: to PyTorch source, a diagram, or JSON.

    The source stands alone: it needs torch, not netdsl. A file that netdsl did not write is never replaced without
    --force.
    """
    named = out is not None and out != "-" and not Path(out).is_dir()
    to = to or (kind_of(str(out), tuple(ENDINGS)) if named else "torch")
    if probabilities and to != "torch":
        raise click.UsageError("--probabilities is for --to torch: everything else shows the softmax anyway")
    request = Request(spec, variant, settings, input_)
    path = None if out == "-" else Path(str(out)) if named else Path(out or ".", request.stem + ENDINGS[to])
    if path is not None:
        check_place(path, to, force)
    made = network(request, color)
    if to == "torch":
        from netdsl.backends.torch import emit

        data = emit(made, probabilities=probabilities).encode()
    elif to == "json":
        data = (made.model_dump_json(indent=2) + "\n").encode()
    else:
        from netdsl.tools.cli._draw import diagram

        data = diagram(made, to)
    write(data, path, to)
    if path is not None:
        click.echo(f"wrote {path}", err=True)
