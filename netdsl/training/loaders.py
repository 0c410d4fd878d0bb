"""Data and recipe to the batches of a run: its length, each process's share, and whether images fit the network."""

from __future__ import annotations

from typing import Any

import lightning
import torch

from netdsl.recipe import Recipe
from netdsl.recipe.schedules import Plateau
from netdsl.training.data import Data
from netdsl.training.errors import TrainingError
from netdsl.training.loader import Batches, Place, Prepared, batches, workers_for
from netdsl.training.task import Task
from netdsl.training.transforms import pipeline

JUDGED = 100
"""How often a run is judged at most; more epochs than these are judged in between only."""


class Length:
    """How long a run is, in steps; how often it is judged, and how many passes over the images are one of Lightning's
    epochs."""

    def __init__(self, recipe: Recipe, images: int):
        self.per_epoch = max(-(-images // recipe.batch), 1)
        self.steps = recipe.iterations or (recipe.epochs or 1) * self.per_epoch
        epochs = -(-self.steps // self.per_epoch)
        self.passes = 1 if isinstance(recipe.schedule, Plateau) else max(epochs // JUDGED, 1)
        self.row_every = max(min(self.per_epoch * self.passes, 50), 1)


class Loaders(lightning.LightningDataModule):
    """The batches of a set of data, prepared as the recipe says, for the process that asks."""

    def __init__(
        self,
        task: Task,
        data: Data,
        recipe: Recipe,
        classes: int,
        length: Length,
        accumulate: int = 1,
        workers: int | None = None,
    ):
        super().__init__()
        self.data, self.recipe, self.length = data, recipe, length
        self.accumulate, self.workers = accumulate, workers
        made = pipeline(recipe.augment, data, classes)
        task.mixing = made.batch
        self.train = Prepared(data.train, made.train, made.random, recipe.seed)
        self.test = Prepared(data.test, made.test, False, recipe.seed)
        self.random = made.random
        task.sample = lambda count: self.train.__getitems__([(0, each) for each in range(min(count, len(data.train)))])
        self._fits(task)

    def _fits(self, task: Task) -> None:
        """Hold one prepared image against the network's input. Raises `TrainingError`."""
        for part, name in ((self.train, "training"), (self.test, "testing")):
            image, _ = part[0, 0]
            wanted = task.shape
            if tuple(image.shape) != wanted:
                takes, got = ("x".join(map(str, shape)) for shape in (wanted, image.shape))
                raise TrainingError(
                    f"the network takes {takes}; an image of `{self.data.name}` in {name} is {got}",
                    _way_out(tuple(image.shape), wanted),
                )

    def _place(self, examples: Any) -> Place:
        trainer = self.trainer
        workers = workers_for(examples, self.random) if self.workers is None else self.workers
        world = trainer.world_size if trainer else 1
        return Place(trainer.global_rank if trainer else 0, world, workers, torch.cuda.is_available())

    def train_dataloader(self) -> Batches:
        place = self._place(self.data.train)
        part = share(self.recipe, place.world, self.accumulate)
        return batches(self.train, part, self.recipe.seed, True, place, self.length.passes)

    def val_dataloader(self) -> Batches:
        return batches(self.test, max(self.recipe.batch, 64), self.recipe.seed, False, self._place(self.data.test))


def share(recipe: Recipe, world: int, accumulate: int) -> int:
    """How many images of a batch one of so many processes has at a time. Raises `TrainingError`."""
    found = recipe.batch // (world * accumulate)
    if found * world * accumulate != recipe.batch:
        raise TrainingError(
            f"a batch of {recipe.batch} cannot be shared out among {world} processes"
            + (f" of {accumulate} parts" if accumulate > 1 else ""),
            f"`--set train.batch={max(found, 1) * world * accumulate}`",
        )
    return found


def _way_out(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if len(got) != len(wanted):
        return "images go into a network of CxHxW, features into one of N"
    if got[0] != wanted[0]:
        return f"compile the network for {got[0]} channels: `--input {'x'.join(map(str, (got[0], *wanted[1:])))}`"
    size = wanted[1]
    return (
        f"the recipe must bring images there: `--set train.augment='[resize({size}), crop({size})]'`, or compile the "
        f"network for them: `--input {'x'.join(map(str, got))}`"
    )
