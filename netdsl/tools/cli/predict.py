"""`netdsl predict`: what a trained network sees in images."""

from __future__ import annotations

import json
from pathlib import Path

import click

SECTION = "Train it"


@click.command(
    short_help="Name what is in images by a trained network.",
    epilog="""\b
Examples:
  netdsl predict runs/lenet-5-1 seven.png
  netdsl predict runs/resnet-1 *.jpg --json
""",
)
@click.argument("run", metavar="RUN")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...", type=click.Path(path_type=Path))
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", default=5, show_default=True, help="How many classes to show."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, a list of images.")
def command(run: str, images: tuple[Path, ...], top: int, as_json: bool) -> None:
    """Name what is in images, with probabilities, by a trained network."""
    from netdsl.tools.cli._training import trains

    with trains():
        from netdsl.backends.torch import build
        from netdsl.training.fitting import recipe_from
        from netdsl.training.judging import predict
        from netdsl.training.run import Run
        from netdsl.training.weights import load

        folder = Run(Path(run))
        about, network = folder.about, folder.network
        model = load(build(network, init=False), network, folder.trained)
        found = predict(network, model, recipe_from(about["recipe"]), about, images, top)
    if as_json:
        click.echo(json.dumps([{"image": each.image, "classes": dict(each.classes)} for each in found], indent=2))
        return
    for each in found:
        named = ", ".join(f"{name} {100 * share:.1f} %" for name, share in each.classes)
        click.echo(f"{each.image}: {named}")
