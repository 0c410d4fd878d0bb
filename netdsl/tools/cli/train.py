"""`netdsl train`: a network, trained as its spec says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._known import network
from netdsl.tools.cli._spec import Request, SizeParameter, SpecParameter, spec_options

if TYPE_CHECKING:
    from netdsl.ir import Network
    from netdsl.recipe import Recipe
    from netdsl.training.engine import Options

SECTION = "Train it"
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "bf16-true", "16-true", "64-true")
"""Lightning's."""


@click.command(
    short_help="Train a network by the recipe in its spec.",
    epilog="""\b
Examples:
  netdsl train lenet5 --data digits              on digits that come with netdsl
  netdsl train my.net --data folder:photos       photos/train/CLASS/*.jpg, photos/val/...
  netdsl train my.net --data 'wds:shards/*.tar'  shards of WebDataset, 0001.jpg beside 0001.cls
  netdsl train my_fcn.net --data folder:scenes   scenes/train/images/*.jpg, scenes/train/masks/*.png
  netdsl train resnet_cifar:20 --data cifar10 --set train.epochs=10
  netdsl train two_layer --set inputs=2 --set outputs=1 --data spiral
  netdsl train resnet50 --data folder:photos --weights r50.safetensors --ignore 'fc.*'
  netdsl train resnet50 --data folder:photos --budget 8GB
  netdsl train lenet5_modern --find-lr           which learning rate?
  netdsl train --resume runs/lenet-5-1           go on where it stopped
  netdsl train --help-recipe                     every word of `train(...)`
\b
DATA: digits; mnist, fashion-mnist, cifar10, cifar100; folder:PATH; hf:NAME;
wds:PATTERN; FILE.npz; xor, xor_cloud, circles, moons, spiral; squares; one_half; random.
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]", required=False)
@click.option("--data", default="digits", show_default=True, metavar="DATA", help="What to train on, see below.")
@click.option("-o", "--out", metavar="RUN", help="The folder of the run.  [default: runs/NAME-N]")
@click.option("--resume", metavar="RUN", help="Go on with a run, from its last checkpoint.")
@click.option("--weights", metavar="FILE", help="Begin with these weights.")
@click.option(
    "--ignore", multiple=True, metavar="PATTERN", help="Weights that --weights need not have: 'fc.*', a new head."
)
@click.option("--freeze", metavar="LABEL,...", default="", help="Keep the weights under these labels as they are.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="The seed of everything random.  [default: 0]")
@click.option(
    "--devices", default="1", metavar="N|auto", show_default=True, help="How many devices, or processes on CPU."
)
@click.option(
    "--nodes", type=click.IntRange(min=1), metavar="N", default=1, show_default=True, help="How many machines."
)
@click.option(
    "--precision", type=click.Choice(PRECISIONS), default="32-true", show_default=True, help="Bits of a number."
)
@click.option("--shard", is_flag=True, help="Share weights and the optimizer's state out to the devices (FSDP).")
@click.option(
    "--budget",
    type=SizeParameter(),
    help="The memory of a step, 8GB or 512MiB: what it does not hold is computed again.",
)
@click.option(
    "--accumulate", type=click.IntRange(min=1), metavar="N", default=1, show_default=True, help="Batches for one step."
)
@click.option("--channels-last", is_flag=True, help="Keep images as N x H x W x C in memory.")
@click.option("--compile", "compile_", is_flag=True, help="Compile the network by torch.compile.")
@click.option(
    "--save-every", type=click.IntRange(min=1), metavar="STEPS", help="Save so often.  [default: 1 % of the time]"
)
@click.option("--quiet", is_flag=True, help="No progress, only the result.")
@click.option("--find-lr", is_flag=True, help="Try a hundred rates, draw the loss over them (-o PICTURE), and stop.")
@click.option("--force", is_flag=True, help="With --find-lr: replace a picture that netdsl did not draw.")
@click.option("--dry-run", is_flag=True, help="Print the recipe as it would be used, and stop.")
@click.option("--help-recipe", is_flag=True, help="Explain every word of recipes, and stop.")
@spec_options
def command(
    spec: str | None,
    data: str,
    out: str | None,
    resume: str | None,
    weights: str | None,
    ignore: tuple[str, ...],
    freeze: str,
    seed: int | None,
    devices: str,
    nodes: int,
    precision: str,
    shard: bool,
    budget: int | None,
    accumulate: int,
    channels_last: bool,
    compile_: bool,
    save_every: int | None,
    quiet: bool,
    find_lr: bool,
    force: bool,
    dry_run: bool,
    help_recipe: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> None:
    """Train a network by the recipe in its spec, `train(...)`.

    The recipe is printed as it is used; --set train.KEY=VALUE changes it. A run is a folder that holds all there is
    to know of it: spec, recipe, source, metrics, curve, weights. Ctrl-C stops behind a step; --resume goes on with the
    same bits.
    """
    from netdsl.tools.cli._training import alone, parted, pictured, recipe_help, trains, with_recipe
    from netdsl.training.allocator import keep_freed

    if help_recipe:
        click.echo(recipe_help())
        return
    if (spec is None) == (resume is None):
        raise click.UsageError("give a FILE to train, or --resume RUN to go on with one")
    if devices != "auto" and not (devices.isdigit() and int(devices) > 0):
        raise click.BadParameter(f"'{devices}' is no number of devices, nor auto", param_hint="'--devices'")
    keep_freed()
    if force and not find_lr:
        raise click.UsageError("--force goes with --find-lr; a run is never written over another")
    if resume is not None:
        alone(resume, "resume", "color")
        with trains():
            from netdsl.training.fitting import resume as go_on

            _told(go_on(resume))
        return
    assert spec is not None
    of_spec, of_recipe = parted(settings)
    of_recipe += (f"seed={seed}",) if seed is not None else ()
    read = network(Request(spec, variant, of_spec, input_), color)
    made, recipe = with_recipe(read, of_recipe)
    if dry_run:
        click.echo(recipe.text)
        return
    with trains():
        from netdsl.training.engine import Options
        from netdsl.training.fitting import first, fit, stem

        picture = Path(out or f"{stem(made)}-lr.svg")
        if find_lr:
            pictured(picture, force)
        if not quiet and first():
            told = "the spec has no recipe; this one is taken:\n" if read.train is None else ""
            click.echo(f"{made.name}: {made.params:,} parameters, on {data}\n{told}{recipe.text}", err=True)
        options = Options(
            devices=devices if devices == "auto" else int(devices),
            nodes=nodes,
            precision=precision,
            shard=shard,
            budget=budget,
            accumulate=accumulate,
            channels_last=channels_last,
            compile=compile_,
            save_every=save_every,
            weights=weights,
            ignore=ignore,
            freeze=tuple(filter(None, freeze.split(","))),
            quiet=quiet,
        )
        if find_lr:
            _found(made, data, recipe, options, picture)
            return
        _told(fit(made, data, recipe, out=out, options=options))


def _found(network: Network, data: str, recipe: Recipe, options: Options, picture: Path) -> None:
    """The learning-rate range test: its curve as a picture, and a rate."""
    from netdsl.training import curve
    from netdsl.training.finding import find_rate

    found = find_rate(network, data, recipe, options)
    curve.rates(found.rates, found.losses, found.rate, picture)
    click.echo(f"wrote {picture}", err=True)
    least = 10 * found.rate
    click.echo(f"the loss is least at a rate of {least:.2g}; a tenth is a good start: --set train.lr={found.rate:.2g}")


def _told(result: object) -> None:
    from netdsl.training.callbacks import WORDS
    from netdsl.training.fitting import Result, first

    assert isinstance(result, Result)
    if not first():  # of several processes one speaks
        return
    figures = result.figures
    judged = [f"{WORDS[name]} {100 * share:.2f} %" for name in WORDS if (share := figures.get(name)) is not None]
    loss = figures.get("test_loss")
    found = f"{judged[0]}, loss {loss:.4g} on the test set" if judged and loss is not None else "stopped"
    seconds = result.figures.get("seconds")
    click.echo(f"{result.folder}: {found}" + (f", after {seconds:.1f} s" if seconds is not None else ""))
    if result.stopped:
        click.echo(f"stopped; go on with: netdsl train --resume {result.folder}", err=True)
        raise click.exceptions.Exit(130)
