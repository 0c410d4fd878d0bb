"""Batches in an order that follows from the seed, so that a run that was stopped goes on with the very next one.

The order of an epoch follows from (seed, epoch), what is random in an image from (seed, epoch, its number): so workers,
their number, and where a run was stopped make no difference. Several processes take every n-th image of one order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision import tv_tensors

from netdsl.training.data.data import Arrays, Examples, Item
from netdsl.training.transforms import Transform

Index = tuple[int, int]
"""Epoch, and number of an example."""
NEAR = 16
"""So many parts (shards) are mixed with each other."""


def mixed(*numbers: int) -> int:
    """One seed of several numbers, well apart for neighbours (splitmix64's finalizer over them)."""
    found = 0x9E3779B97F4A7C15
    for number in numbers:
        found = (found ^ number) * 0xBF58476D1CE4E5B9 % 2**64
        found = (found ^ (found >> 27)) * 0x94D049BB133111EB % 2**64
        found ^= found >> 31
    return found % 2**63


class Prepared(Dataset[Item]):
    """Examples with their transform done, as batches: the loader asks for several at once.

    `random` says that the transform draws random numbers; then each image is drawn by its own seed.
    """

    def __init__(self, examples: Examples, transform: Transform | None, random: bool, seed: int):
        self.seed, self.random = seed, random and transform is not None
        self.transform = transform
        if isinstance(examples, Arrays) and transform is not None and not random:
            examples = Arrays(torch.stack([transform(image) for image in examples.images]), examples.labels)
            self.transform = None
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: Index) -> Item:
        epoch, number = index
        image, label = self.examples[number]
        if self.transform is not None:
            if self.random:
                torch.default_generator.manual_seed(mixed(self.seed, epoch, number))
            if isinstance(label, tv_tensors.Mask):
                image, label = self.transform((tv_tensors.Image(image), label))
            else:
                image = self.transform(image)
        return image, label

    def __getitems__(self, indices: list[Index]) -> Item:
        """A whole batch: images N x ..., labels N, or masks N x H x W."""
        if isinstance(self.examples, Arrays) and self.transform is None:
            chosen = torch.tensor([number for _, number in indices])
            return self.examples.images[chosen], self.examples.labels[chosen]
        items = [self[index] for index in indices]
        return torch.stack([image for image, _ in items]), torch.stack([label for _, label in items])


class Order(Sampler[list[Index]]):
    """The batches of an epoch, each a list of (epoch, number), from batch `start` on; then those of the next epoch.

    `shuffle` draws the order anew for each pass over the examples; an epoch has `passes` of them (small sets would
    otherwise spend their time between epochs). Of several processes each has every `world`-th example from `rank`
    on, as many as the others where `shuffle`. Where examples lie in `parts` of so many, a pass goes from a few of
    them to the next few, so that what it reads lies near.
    """

    def __init__(
        self,
        count: int,
        batch: int,
        seed: int,
        shuffle: bool,
        rank: int = 0,
        world: int = 1,
        passes: int = 1,
        parts: Sequence[int] = (),
    ):
        self.count, self.batch, self.seed, self.shuffle = count, batch, seed, shuffle
        self.rank, self.world, self.passes = rank, world, passes
        self.parts = tuple(parts) if len(parts) > NEAR else (count,)
        self.epoch = self.start = 0

    @property
    def per_pass(self) -> int:
        """Batches of one pass."""
        own = self.count // self.world if self.shuffle else len(range(self.rank, self.count, self.world))
        return max(-(-own // self.batch), 1)

    def __len__(self) -> int:
        return self.per_pass * self.passes

    def __iter__(self) -> Iterator[list[Index]]:
        epoch, start = self.epoch, self.start
        self.epoch, self.start = epoch + 1, 0
        for number in range(start // self.per_pass, self.passes):
            seen = epoch * self.passes + number
            own = self._own(seen)
            first = start % self.per_pass if number == start // self.per_pass else 0
            for place in range(first, self.per_pass):
                yield [(seen, index) for index in own[place * self.batch : (place + 1) * self.batch]]

    def _own(self, seen: int) -> list[int]:
        """The numbers of this process in pass `seen`, in order."""
        if not self.shuffle:
            return list(range(self.rank, self.count, self.world))
        generator = torch.Generator().manual_seed(mixed(self.seed, seen))
        order = self._shuffled(generator)
        return order[: self.count // self.world * self.world][self.rank :: self.world] or order

    def _shuffled(self, generator: torch.Generator) -> list[int]:
        """All numbers: the parts in an order that is drawn, and mixed with those that are near in it."""
        if len(self.parts) == 1:
            return torch.randperm(self.count, generator=generator).tolist()
        numbers = torch.arange(self.count).split_with_sizes(self.parts)
        drawn = torch.randperm(len(numbers), generator=generator).tolist()
        order: list[int] = []
        for start in range(0, len(drawn), NEAR):
            near = torch.cat([numbers[part] for part in drawn[start : start + NEAR]])
            order += near[torch.randperm(len(near), generator=generator)].tolist()
        return order


def _whole(batch: Item) -> Item:
    """`Prepared` gives whole batches already."""
    return batch


class Batches(DataLoader[Item]):
    """A loader that knows how far it is: `state_dict` is its epoch and how many batches it handed out."""

    def __init__(self, dataset: Prepared, order: Order, workers: int, pinned: bool):
        super().__init__(
            cast(Any, dataset),
            batch_sampler=order,
            num_workers=workers,
            collate_fn=cast(Any, _whole),
            pin_memory=pinned,
            persistent_workers=workers > 0,
            prefetch_factor=4 if workers else None,
            worker_init_fn=_alone,
        )
        self.order = order
        self.handed = 0
        self.current = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        self.current, self.handed = self.order.epoch, self.order.start
        for batch in super().__iter__():
            self.handed += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Where it is: the epoch, and how many of its batches were handed out."""
        return {"epoch": self.current, "batches": self.handed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on behind that place."""
        over = state["batches"] >= len(self.order)
        self.order.epoch = state["epoch"] + over
        self.order.start = 0 if over else state["batches"]


def _alone(_: int) -> None:
    """A worker has one thread: there are several of them."""
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is, and how many workers it has for its images."""

    rank: int = 0
    world: int = 1
    workers: int = 0
    pinned: bool = False


def workers_for(examples: Examples, random: bool) -> int:
    """How many workers a set of data wants on this machine: none where it is in memory and small."""
    if isinstance(examples, Arrays) and (not random or examples.images[0].numel() <= 64 * 64):
        return 0
    return max(min(len(os.sched_getaffinity(0)) - 1, 8), 1)


def batches(data: Prepared, batch: int, seed: int, shuffle: bool, place: Place, passes: int = 1) -> Batches:
    """The batches of a set; `batch` is one process's share."""
    parts = getattr(data.examples, "parts", ())
    order = Order(len(data), batch, seed, shuffle, place.rank, place.world, passes, parts)
    return Batches(data, order, place.workers, place.pinned)


__all__ = ["Batches", "Order", "Place", "Prepared", "Tensor", "batches", "mixed", "workers_for"]
