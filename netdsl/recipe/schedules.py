"""The schedules of recipes: by what factor the optimizer's rate is multiplied, over the course of a run.

Lengths (`every`, `at`, `warmup`) are in epochs, or in iterations where the recipe counts `iterations`. Every schedule
takes `warmup`: so long the rate rises in a line, from `warmup_from` to `warmup_to` times the rate, and then the
schedule has its own course (`cosine`, `linear`, `polynomial` end with the run).
"""

from __future__ import annotations

import math
import sys
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SerializeAsAny, model_validator

from netdsl.ops.shared.fields import NonNegative, Positive, Share, Words
from netdsl.recipe.part import Part, chosen, members


def _several(value: object) -> object:
    return value if isinstance(value, (tuple, list)) else (value,)


def _schedules(value: object) -> object:
    known = members(sys.modules[__name__], Schedule)
    given = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(each if isinstance(each, Part) else chosen("schedule", known, each) for each in given)


Lengths = Annotated[tuple[NonNegative, ...], Field(min_length=1), BeforeValidator(_several), Words("a list of numbers")]
Rates = Annotated[tuple[Positive, ...], Field(min_length=1), BeforeValidator(_several), Words("a list of rates")]


class Schedule(Part):
    """A schedule: `factor` is what the first rate is multiplied with."""

    warmup: NonNegative = 0.0
    """How long the rate rises at first."""
    warmup_from: Share = 0.0
    """The part of the rate that it rises from."""
    warmup_to: Share = 1.0
    """The part of the rate that it rises to; with as much as `warmup_from` it stands still meanwhile."""

    def factor_at(self, time: float, length: float, lr: float) -> float:
        """The factor at a time of a run of this length; `lr` is the optimizer's rate."""
        if time < self.warmup:
            return self.warmup_from + (self.warmup_to - self.warmup_from) * time / self.warmup
        return self.course(time, length, lr)

    def course(self, time: float, length: float, lr: float) -> float:
        """The factor behind the warm-up."""
        raise NotImplementedError

    def share(self, time: float, length: float) -> float:
        """What part of the run behind the warm-up is over."""
        return min(max((time - self.warmup) / max(length - self.warmup, 1e-9), 0.0), 1.0)


class Constant(Schedule):
    """The same rate throughout."""

    name = "constant"

    def course(self, time: float, length: float, lr: float) -> float:
        return 1.0


class Step(Schedule):
    """Times `factor` after every so many epochs."""

    name = "step"
    every: Positive
    """After how many epochs."""
    factor: Positive = 0.1
    """What the rate is multiplied with."""

    def course(self, time: float, length: float, lr: float) -> float:
        return self.factor ** math.floor(time / self.every + 1e-9)


class Milestones(Schedule):
    """Times `factor` at each of the given times."""

    name = "milestones"
    at: Lengths
    """When."""
    factor: Positive = 0.1
    """What the rate is multiplied with."""

    def course(self, time: float, length: float, lr: float) -> float:
        return self.factor ** sum(time >= each - 1e-9 for each in self.at)


class Exponential(Schedule):
    """Times `factor` in steps after every so many epochs, as `step`; with `smooth` in between too."""

    name = "exponential"
    factor: Positive
    """What the rate is multiplied with."""
    every: Positive = 1.0
    """In how many epochs."""
    smooth: bool = False
    """Between the steps too."""

    def course(self, time: float, length: float, lr: float) -> float:
        steps = time / self.every
        return self.factor ** (steps if self.smooth else math.floor(steps + 1e-9))


class Cosine(Schedule):
    """Half a cosine from the rate down to `least` times it (Loshchilov & Hutter 2017, eq. 5, without restarts)."""

    name = "cosine"
    least: Share = 0.0
    """The part of the rate that is left in the end."""

    def course(self, time: float, length: float, lr: float) -> float:
        return self.least + (1 - self.least) * (1 + math.cos(math.pi * self.share(time, length))) / 2


class Linear(Schedule):
    """A line from the rate down to `least` times it."""

    name = "linear"
    least: Share = 0.0
    """The part of the rate that is left in the end."""

    def course(self, time: float, length: float, lr: float) -> float:
        return 1 - (1 - self.least) * self.share(time, length)


class Polynomial(Schedule):
    """(1 - t)^power, t being the part of the run that is over (Caffe's `poly`)."""

    name = "polynomial"
    power: Positive = 1.0
    """The power."""

    def course(self, time: float, length: float, lr: float) -> float:
        return float((1 - self.share(time, length)) ** self.power)


class Inverse(Schedule):
    """(1 + gamma t)^-power (Caffe's `inv`)."""

    name = "inverse"
    gamma: Positive
    """How fast."""
    power: Positive = 1.0
    """The power."""

    def course(self, time: float, length: float, lr: float) -> float:
        return float((1 + self.gamma * time) ** -self.power)


class Plateau(Schedule):
    """Times `factor` when the error on held-out images has not fallen for `patience` epochs: "when the validation error
    stopped improving" (AlexNet, VGG, ResNet)."""

    name = "plateau"
    factor: Positive = 0.1
    """What the rate is multiplied with."""
    patience: NonNegative = 5.0
    """For how many epochs it waits."""

    @model_validator(mode="after")
    def _no_warmup(self) -> Self:
        if self.warmup:
            raise ValueError("`plateau` has no warm-up; use `milestones` or `cosine` with one")
        return self

    def course(self, time: float, length: float, lr: float) -> float:
        return 1.0


class Values(Schedule):
    """The rates themselves, each from its time on: LeNet-5's table."""

    name = "values"
    at: Lengths
    """From when; the first is 0."""
    lr: Rates
    """The rates."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.at) != len(self.lr):
            raise ValueError(
                f"`at` has {len(self.at)} times and `lr` {len(self.lr)} rates; give one rate for each time"
            )
        if self.at[0] != 0 or list(self.at) != sorted(set(self.at)):
            raise ValueError("the times of `at` begin with 0 and rise")
        return self

    def course(self, time: float, length: float, lr: float) -> float:
        return next(rate for start, rate in zip(self.at[::-1], self.lr[::-1], strict=True) if time >= start - 1e-9) / lr


class Sequential(Schedule):
    """One schedule after another: each begins at the rate, at its time of `at`, and ends where the next begins."""

    name = "sequential"
    schedules: Annotated[
        tuple[SerializeAsAny[Schedule], ...], BeforeValidator(_schedules), Words("a list of schedules")
    ]
    """The schedules."""
    at: Lengths
    """When each but the first begins."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.schedules) != len(self.at) + 1:
            raise ValueError(
                f"`schedules` has {len(self.schedules)} and `at` {len(self.at)} times; give the time at which each but "
                "the first begins"
            )
        if list(self.at) != sorted(set(self.at)) or 0 in self.at:
            raise ValueError("the times of `at` rise; the first schedule begins at 0")
        if any(isinstance(each, Plateau) for each in self.schedules):
            raise ValueError("`plateau` waits for what is judged and has no times; it stands alone")
        return self

    def course(self, time: float, length: float, lr: float) -> float:
        place = sum(time >= each - 1e-9 for each in self.at)
        starts, ends = (0.0, *self.at), (*self.at, length)
        return self.schedules[place].factor_at(time - starts[place], ends[place] - starts[place], lr)
