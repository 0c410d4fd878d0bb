"""`netdsl eval`: how well a trained network does on its test images."""

from __future__ import annotations

import json
from pathlib import Path

import click

from netdsl.tools.cli._known import network
from netdsl.tools.cli._spec import Request, SpecParameter, spec_options

SECTION = "Train it"
CROPS = {"1": "1 crop", "10": "10 crops", "144": "144 crops", "dense": "whole, at 3 sizes and mirrored"}


@click.command(
    short_help="Judge trained weights on test images.",
    epilog="""\b
Examples:
  netdsl eval runs/lenet-5-1                     on the data it was trained with
  netdsl eval runs/lenet-5-1 --crops 10 --json
  netdsl eval resnet50 --weights resnet50.safetensors --data folder:imagenet
  netdsl eval vgg:D --weights a.pt --weights b.pt --data folder:imagenet   an ensemble
""",
)
@click.argument("spec", type=SpecParameter(), metavar="RUN|FILE[:VARIANT]")
@click.option(
    "--weights", multiple=True, metavar="FILE", help="Weights; several are an ensemble.  [default: the run's]"
)
@click.option(
    "--data", metavar="DATA", help="What to judge on, as in `netdsl train`.  [default: the run's, else digits]"
)
@click.option("--crops", type=click.Choice(list(CROPS)), default="1", show_default=True, help="Views of an image.")
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", default=64, show_default=True, help="Images at a time."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON; accuracies are shares.")
@spec_options
def command(
    spec: str,
    weights: tuple[str, ...],
    data: str | None,
    crops: str,
    batch: int,
    as_json: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> None:
    """Judge trained weights on test images: top-1, top-5 (of masks mIoU) and loss, beside what the paper reports."""
    from netdsl.tools.cli._training import alone, parted, trains, with_recipe

    with trains():
        from netdsl.backends.torch import build
        from netdsl.training.fitting import data_for, recipe_from
        from netdsl.training.judging import judge
        from netdsl.training.run import Run
        from netdsl.training.weights import load

        if (Path(spec) / "run.json").is_file():
            alone(spec, "weights", "data", "crops", "batch", "as_json", "color")
            run = Run(Path(spec))
            made, recipe = run.network, recipe_from(run.about["recipe"])
            weights = weights or (str(run.trained),)
            data = data or run.about["asked"]
        else:
            of_spec, of_recipe = parted(settings)
            made, recipe = with_recipe(network(Request(spec, variant, of_spec, input_), color), of_recipe)
        if not weights:
            raise click.UsageError("--weights FILE is needed: a spec alone knows nothing yet")
        opened = data_for(data or "digits", made, recipe)
        models = [load(build(made, init=False), made, each) for each in weights]
        found = judge(made, models, recipe, opened, crops, batch)
    reported = {
        each.quantity: each.value for each in made.reported if each.quantity in ("top1", "top5", "error", "mean_iu")
    }
    if as_json:
        click.echo(json.dumps({**vars(found), "reported": reported}, indent=2))
        return
    if crops != "1" and not any(each.name == "flip" for each in recipe.augment):
        click.echo("half of the views are mirror images, which the recipe does not train (`flip`)", err=True)
    click.echo(f"{found.images} images, {CROPS[found.crops]}, {found.seconds:.1f} s")
    for words, share in (("top-1", found.top1), ("top-5", found.top5), ("mIoU ", found.miou)):
        if share is not None:
            click.echo(f"{words}  {100 * share:.2f} %")
    click.echo(f"loss   {found.loss:.4g}")
    if reported:
        kinds = {"error": "", "top1": " (top-1)", "top5": " (top-5)", "mean_iu": " mIoU"}
        words = ", ".join(f"{100 * float(value):.4g} %{kinds[name]}" for name, value in reported.items())  # type: ignore[arg-type]
        error = " an error of" if found.miou is None else ""
        click.echo(f"the paper reports{error} {words}, on its own data")
