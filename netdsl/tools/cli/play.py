"""`netdsl play`: watch a hidden layer learn to part the plane."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from netdsl.ir import Network
    from netdsl.tools.playground import Points
    from netdsl.training.plane import Frame

SECTION = "Train it"


class Toy(NamedTuple):
    """What learns a set of points: hidden units, how far the inputs are spread, the rate, and for how long."""

    hidden: int
    scale: int
    rate: float
    epochs: int


TOYS = {
    "xor": Toy(4, 1, 0.5, 400),
    "circles": Toy(8, 1, 0.01, 500),
    "spiral": Toy(40, 8, 0.01, 6000),
    "moons": Toy(8, 3, 0.01, 500),
}
SPEC = """\
net play
input 2
scale({scale})
hidden: fc-{hidden}(act=sigmoid)
output: fc-1(act=sigmoid)
train(loss=mse(sum=true), optimizer=sgd(lr={rate:g}, momentum=0.9), batch=200, epochs={epochs}, seed={seed},
      init=normal(std=1))
"""
PICTURES = 100
"""How often the plane is looked at."""
SHEET = 6
"""How many pictures -o draws."""


@click.command(
    short_help="Watch a hidden layer learn, in the terminal.",
    epilog="""\b
Examples:
  netdsl play xor                      four points that no line can part
  netdsl play circles --hidden 2       two units are too few: try 3
  netdsl play spiral                   6,000 steps, a quarter of a minute
  netdsl play xor --seed 3 --rate 0.1  another beginning, smaller steps
  netdsl play moons -o moons.svg       six pictures from first to last
\b
The network is printed as a spec of its own: save it as play.net, and go on
with `netdsl train play.net --data xor`. In the picture o and x are the
points of the two classes, and behind them is what the network says of
every place; where it turns over is the decision boundary.
""",
)
@click.argument("points", type=click.Choice(list(TOYS)), metavar="xor|circles|spiral|moons")
@click.option(
    "--hidden",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Units of the hidden layer.  [default: by the points; 4 for xor]",
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="R", help="The learning rate.")
@click.option(
    "--epochs", type=click.IntRange(min=1), metavar="N", help="How often all points are seen; each is a step."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="The seed of weights and points.",
)
@click.option(
    "-o", "--out", metavar="PICTURE", type=click.Path(path_type=Path), help="Draw it over the epochs: .svg, .png, .pdf."
)
@click.option("--force", is_flag=True, help="Replace a picture that netdsl did not draw.")
def command(
    points: str, hidden: int | None, rate: float | None, epochs: int | None, seed: int, out: Path | None, force: bool
) -> None:
    """Train the two-layer network on points in the plane, and watch its decision boundary.

    It is gradient descent on the sum of squared errors, over all points at once, with momentum.
    """
    from netdsl.compiler import loads
    from netdsl.tools.cli._training import pictured, trains

    if out is not None:
        pictured(out, force)
    toy = TOYS[points]
    spec = SPEC.format(
        hidden=hidden or toy.hidden, scale=toy.scale, rate=rate or toy.rate, epochs=epochs or toy.epochs, seed=seed
    )
    click.echo(f"{spec}\n# netdsl train play.net --data {points}\n", err=True)
    with trains():
        frames = _played(loads(spec, name="play.net"), points, epochs or toy.epochs, out)
    last = frames[-1]
    if last.right < 1 and last.step == (epochs or toy.epochs):
        click.echo("not all of them: try another --seed, more --hidden, more --epochs, or another --rate", err=True)


def _line(frame: Frame) -> str:
    return f"epoch {frame.step:>5,}  loss {frame.loss:8.4g}  right {frame.right:6.1%}"


def _played(network: Network, name: str, epochs: int, out: Path | None) -> list[Frame]:
    """Train it and show it; what was seen."""
    import tempfile

    from netdsl.recipe import Recipe
    from netdsl.training.data import Arrays, open_data
    from netdsl.training.engine import Options
    from netdsl.training.fitting import fit
    from netdsl.training.plane import EXTENT, Frames, sheet

    recipe = Recipe.of(network.train)
    train = open_data(name, (2,), 1, recipe.seed).train
    assert isinstance(train, Arrays)
    places = [(x / EXTENT, y / EXTENT, label) for (x, y), label in zip(
        train.images.tolist(), train.labels.tolist(), strict=True)]  # fmt: skip
    seen: list[Frame] = []
    steps = sorted({epochs * each // PICTURES for each in range(PICTURES + 1)})
    with _shown(places) as show, tempfile.TemporaryDirectory() as folder:

        def look(frame: Frame) -> None:
            seen.append(frame)
            show(frame)

        callback = Frames(steps, (train.images, train.labels), look, (60, 60))
        fit(network, name, recipe, out=Path(folder) / "run", options=Options(quiet=True), callbacks=[callback])
    if out is not None:
        chosen = sorted({round((len(seen) - 1) * (each / (SHEET - 1)) ** 1.5) for each in range(SHEET)})
        sheet({name: [seen[each] for each in chosen]}, {name: (train.images, train.labels)}, out, "epoch")
        click.echo(f"wrote {out}", err=True)
    return seen


@contextmanager
def _shown(points: Points) -> Iterator[Callable[[Frame], None]]:
    """Pictures on a terminal; in a pipe ten lines, and the last picture."""
    from netdsl.tools.playground import drawn, live

    if sys.stdout.isatty():
        with live(points, sys.stdout) as show:
            yield lambda frame: show(frame.values.tolist(), _line(frame))
        return
    last: list[Frame] = []
    count = 0

    def line(frame: Frame) -> None:
        nonlocal count
        if count % (PICTURES // 10) == 0:
            click.echo(_line(frame))
        count += 1
        last[:] = [frame]

    yield line
    if last:
        click.echo(drawn(last[0].values.tolist(), points))
