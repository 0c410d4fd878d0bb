"""What a network of two inputs says of every place in the plane: the picture of the playground, while it learns.

`Frames` is a callback that looks at chosen steps; `sheet` draws what it saw, a row for each network.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn

from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.recipe.losses import Loss
from netdsl.training.charts import figure, save
from netdsl.training.data.data import Arrays
from netdsl.training.losses import compute, probabilities
from netdsl.training.run import write
from netdsl.training.task import Task

EXTENT = 1.25
"""The plane is shown from -EXTENT to EXTENT; points lie within about 1.1."""


class Frame(NamedTuple):
    """What a network says after so many steps: `values` are rows from the top, the probability of class 1; `loss` that
    of the training points, `right` the share of them that it tells right."""

    step: int
    values: Tensor
    loss: float
    right: float


def values(model: nn.Module, loss: Loss, rows: int, columns: int) -> Tensor:
    """The probability of class 1 at rows x columns places, from the top left corner."""
    y, x = torch.meshgrid(
        torch.linspace(EXTENT, -EXTENT, rows), torch.linspace(-EXTENT, EXTENT, columns), indexing="ij"
    )
    with torch.no_grad():
        return probabilities(loss, model(torch.stack([x, y], -1).view(-1, 2)))[:, 1].view(rows, columns)


class Frames(Callback):
    """Hands a `Frame` of the plane to `show` at these steps; 0 is before the first one. `points` are the training
    points and their labels."""

    def __init__(
        self,
        steps: Collection[int],
        points: tuple[Tensor, Tensor],
        show: Callable[[Frame], None],
        size: tuple[int, int],
    ):
        self.steps, self.points, self.show, self.size = frozenset(steps), points, show, size

    def on_train_start(self, trainer: lightning.Trainer, task: Any) -> None:
        self._look(trainer, task)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, task: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._look(trainer, task)

    def _look(self, trainer: lightning.Trainer, task: Any) -> None:
        if trainer.global_step not in self.steps:
            return
        assert isinstance(task, Task)
        points, labels = self.points
        loss = task.recipe.loss
        with torch.no_grad():
            answer = task.model(points)
            right = float((probabilities(loss, answer)[:, 1].round() == labels).float().mean())
            error = float(compute(loss, answer, labels))
        self.show(Frame(trainer.global_step, values(task.model, loss, *self.size), error, right))


def sheet(
    rows: Mapping[str, Sequence[Frame]], points: Mapping[str, tuple[Tensor, Tensor]], out: Path, unit: str = "step"
) -> None:
    """Draw frames in rows, in the format of `out`'s ending; the points (of each row) lie over each."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("plane", ["#f59322", "#e8eaeb", "#0877bd"])
    wide = max(map(len, rows.values()))
    drawn = figure(1.7 * wide, 2.05 * len(rows))
    for axes, (name, frames) in zip(drawn.subplots(len(rows), wide, squeeze=False), rows.items(), strict=True):
        where, labels = points[name]
        for place, frame in zip(axes, frames, strict=False):
            place.imshow(
                frame.values, cmap=colors, vmin=0, vmax=1, extent=(-EXTENT, EXTENT) * 2, interpolation="bilinear"
            )
            place.contour(
                frame.values.flip(0), levels=[0.5], colors="#333", linewidths=0.8, extent=(-EXTENT, EXTENT) * 2
            )
            tint = [colors(float(label)) for label in labels]
            size = 30 if len(labels) < 10 else 5
            place.scatter(where[:, 0], where[:, 1], s=size, c=tint, edgecolors="white", linewidths=0.3)
            place.set_title(f"{unit} {frame.step:,}\nloss {frame.loss:.3g}, {frame.right:.0%} right", fontsize=7)
        for place in axes:
            place.set(xticks=[], yticks=[], xlim=(-EXTENT, EXTENT), ylim=(-EXTENT, EXTENT), aspect="equal")
        for place in axes[len(frames) :]:
            place.set_visible(False)
        axes[0].set_ylabel(name, fontsize=8)
    save(drawn, out)


def kept_frames(
    network: Network, data: str, recipe: Recipe, steps: Collection[int], folder: Path, side: int = 60
) -> Frames:
    """A callback that writes the plane at these steps into frames.pt of a run's folder, with the training points."""
    from netdsl.training.data import open_data
    from netdsl.training.fitting import demanded

    train = open_data(data, *demanded(network), recipe.seed).train
    assert isinstance(train, Arrays)
    points = (train.images, train.labels)
    seen: list[Frame] = []

    def keep(frame: Frame) -> None:
        seen.append(frame)
        buffer = io.BytesIO()
        torch.save({"points": points, "frames": [tuple(each) for each in seen]}, buffer)
        write(folder / "frames.pt", buffer.getvalue())

    return Frames(steps, points, keep, (side, side))


def read_frames(folder: Path) -> tuple[list[Frame], tuple[Tensor, Tensor]]:
    """What `kept_frames` wrote: the frames, and the points."""
    found = torch.load(folder / "frames.pt", weights_only=True)
    return [Frame(*each) for each in found["frames"]], found["points"]
