"""The sets that torchvision knows how to find or fetch: MNIST and its kin, CIFAR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from netdsl.shapes import Shape, text
from netdsl.training.data.data import Arrays, Data, statistics
from netdsl.training.errors import TrainingError

SETS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "cifar10": "CIFAR10", "cifar100": "CIFAR100"}
"""What `--data` calls them, and torchvision's class."""
HOME = Path.home() / ".cache" / "netdsl" / "data"
"""Where they are looked for, and put."""


def open_(name: str, shape: Shape, seed: int) -> Data:
    """A set of torchvision's, from a copy below `~/.cache/netdsl/data` or fetched there, wholly in memory."""
    from torchvision import datasets

    cls = getattr(datasets, SETS[name])
    channels = 3 if name.startswith("cifar") else 1
    if len(shape) == 3 and shape[0] != channels:
        raise TrainingError(
            f"`{name}` has {channels} channel{'s' * (channels > 1)}; the network takes {text(shape)}",
            f"compile it for {channels}: `--input {channels}x{shape[1]}x{shape[2]}`",
        )
    parts = [_part(cls, name, train) for train in (True, False)]
    arrays = [_arrays(part, shape) for part in parts]
    mean, std = statistics(arrays[0].images) if arrays[0].images.ndim == 4 else (None, None)
    classes = tuple(map(str, parts[0].classes))
    return Data(name, arrays[0], arrays[1], classes, mean, std, f"{SETS[name]} as torchvision has it")


def _part(cls: Any, name: str, train: bool) -> Any:
    try:
        return cls(HOME, train=train, download=False)
    except RuntimeError:
        pass  # there is no copy yet
    try:
        return cls(HOME, train=train, download=True)
    except Exception as problem:  # what a download fails with is the network's, the disk's or the server's
        raise TrainingError(
            f"`{name}` is not below '{HOME}', and cannot be fetched: {problem}",
            "put torchvision's copy there, or train on `digits`, which comes with netdsl",
        ) from None


def _arrays(part: Any, shape: Shape) -> Arrays:
    pixels = torch.as_tensor(part.data)
    images = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    images = images.float().div(255)
    labels = torch.as_tensor(part.targets).long()
    if len(shape) == 1:
        return Arrays(images.flatten(1), labels)
    if images.shape[2:] == (28, 28) and shape[1:] == (32, 32):  # LeNet-5's frame of two pixels
        images = torch.nn.functional.pad(images, (2, 2, 2, 2))
    return Arrays(images.contiguous(), labels)
