"""The learning-rate range test: the rate rises from tiny to huge within a hundred steps, and the loss says which is
right (Smith 2017, section 3.3).

A rate that rises is a schedule, so it is the recipe with that schedule. (Lightning's own tuner smooths the loss so much
that its curve begins at half the loss, and looks for the slope over the rate in place of its logarithm.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback

from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.recipe.schedules import Exponential
from netdsl.training.budget import built, plan_for
from netdsl.training.engine import Options, trainer
from netdsl.training.errors import TrainingError
from netdsl.training.fitting import data_for
from netdsl.training.loaders import Length, Loaders
from netdsl.training.task import Task, classes_of
from netdsl.training.weights import load

LEAST, MOST, STEPS = 1e-6, 10.0, 100
AROUND = 3
"""The loss at a rate is the mean over so many steps on either side."""


@dataclass(frozen=True)
class Found:
    """The rates that were tried, the smoothed loss at each, and a rate to begin with: a tenth of where it is least."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    rate: float


class _Losses(Callback):
    """The loss at each step, until it is four times the least or no number."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.losses: list[float] = []

    def on_train_batch_end(self, trainer: Any, task: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        loss = float(task.loss)
        grown = math.isfinite(loss) and len(self.losses) > STEPS // 4 and loss > 4 * max(min(self.losses), 1e-6)
        if math.isfinite(loss):
            self.losses.append(loss)
            self.rates.append(LEAST * (MOST / LEAST) ** ((trainer.global_step - 1) / STEPS))
        if grown or not math.isfinite(loss):
            trainer.should_stop = True


def find_rate(network: Network, data: str, recipe: Recipe, options: Options | None = None) -> Found:
    """Try rates from 1e-6 to 10 in a hundred steps. Raises `TrainingError` where the loss falls at none."""
    options = options or Options()
    opened = data_for(data, network, recipe)
    rising = recipe.model_copy(
        update={
            "optimizer": recipe.optimizer.model_copy(update={"lr": LEAST}),
            "schedule": Exponential(factor=(MOST / LEAST) ** (1 / STEPS), smooth=True),
            "iterations": STEPS,
            "epochs": None,
        }
    )
    torch.default_generator.manual_seed(recipe.seed)
    model, _ = built(network, plan_for(network, recipe, options))
    if options.weights is not None:
        load(model, network, options.weights, options.ignore)
    length = Length(rising, len(opened.train))
    task = Task(network, rising, model, steps_per_epoch=length.per_epoch, steps=STEPS)
    loaders = Loaders(task, opened, rising, classes_of(network), length, options.accumulate, options.workers)
    seen = _Losses()
    engine = trainer(rising, options, length, [seen])
    engine.limit_val_batches = 0
    engine.fit(task, datamodule=loaders)
    smooth = [_mean(seen.losses[max(at - AROUND, 0) : at + AROUND + 1]) for at in range(len(seen.losses))]
    if not smooth or min(smooth) > 0.99 * smooth[0]:
        raise TrainingError(
            f"the loss falls at no rate from {LEAST:g} to {MOST:g}", "look at the recipe's loss, and at its data"
        )
    return Found(tuple(seen.rates), tuple(smooth), seen.rates[smooth.index(min(smooth))] / 10)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
