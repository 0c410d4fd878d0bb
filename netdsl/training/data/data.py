"""What a set of data is to the rest: images or features with labels, for training and for judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import Dataset

Item = tuple[Tensor, Tensor]
"""An image C x H x W with values from 0 to 1, or features; and its label, an integer, or mask, H x W of them."""
NO_CLASS = 255
"""What a mask has where a pixel belongs to no class: it is neither learned nor judged (as PASCAL VOC has it)."""


class Examples(Protocol):
    """Examples by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Item: ...


class Arrays(Dataset[Item]):
    """Examples that are all in memory: `images` N x ..., `labels` N."""

    def __init__(self, images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Item:
        return self.images[index], self.labels[index]

    def subset(self, indices: Sequence[int] | Tensor) -> Arrays:
        """Those of these numbers, in this order."""
        chosen = torch.as_tensor(indices)
        return Arrays(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Data:
    """A set of data, brought to a network's input as far as it brings itself.

    - `name`: as the user asked for it.
    - `classes`: their names, in the order of the labels.
    - `mean`, `std`: of each channel, of values from 0 to 1; None where images are not normalized unasked.
    - `masks`: labels are masks, a class for each pixel (segmentation).
    - `note`: what the reader of a run should know: where it is from, its licence, its split.
    """

    name: str
    train: Examples
    test: Examples
    classes: tuple[str, ...]
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    note: str = ""
    masks: bool = False


def statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of N x C x H x W."""
    std, mean = torch.std_mean(images.float(), dim=(0, 2, 3))
    return tuple(mean.tolist()), tuple(std.clamp(min=1e-6).tolist())
