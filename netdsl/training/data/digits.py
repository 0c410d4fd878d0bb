"""`digits`: 1,797 handwritten digits of 8 x 8 pixels that come with netdsl, so that training works without a download.

They are from the UCI repository (E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, 1998; CC BY 4.0,
see digits.LICENSE), the part of 1,797 that scikit-learn distributes. 1,400 train and 397 test, shuffled once for all by
a fixed seed: the order of the file goes by writer, and its last 397 are harder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from netdsl.shapes import Shape, text
from netdsl.training.data.data import Arrays, Data, statistics
from netdsl.training.errors import TrainingError

TRAIN = 1400
NOTE = (
    "1,797 digits of 8x8 pixels: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, "
    "CC BY 4.0; 1,400 train, 397 test, shuffled by a fixed seed"
)


def open_(argument: str, shape: Shape, seed: int) -> Data:
    """The digits at the size of the network's input: drawn larger by bicubic interpolation, in a frame of an eighth as
    MNIST's are in LeNet-5's 32 x 32 (28 of 32 pixels). `digits:300` are the first 300 to train on, and all to test."""
    count = TRAIN
    if argument:
        if not (argument.isdigit() and 0 < int(argument) <= TRAIN):
            raise TrainingError(
                f"`digits:{argument}` is no number of digits to train on", f"there are {TRAIN}, as `digits:300`"
            )
        count = int(argument)
    if len(shape) == 3 and shape[0] != 1:
        raise TrainingError(
            f"`digits` are grey, 1 channel; the network takes {text(shape)}",
            f"compile it for one: `--input 1x{shape[1]}x{shape[2]}`",
        )
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        images = torch.from_numpy(stored["images"]).float().unsqueeze(1) / 16
        labels = torch.from_numpy(stored["labels"]).long()
    images = _drawn(images, shape)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    everything = Arrays(images, labels)
    train, test = everything.subset(order[:count]), everything.subset(order[TRAIN:])
    mean, std = statistics(train.images) if images.ndim == 4 else (None, None)
    return Data("digits" + (f":{count}" if argument else ""), train, test, tuple("0123456789"), mean, std, NOTE)


def _drawn(images: Tensor, shape: Shape) -> Tensor:
    """N x 1 x 8 x 8 as N x 1 x H x W, or as features where their number is a square."""
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        if side * side != shape[0] or side < 8:
            raise TrainingError(
                f"`digits` cannot be {shape[0]} features: that is no square of at least 8 x 8",
                "take 64 (8 x 8 pixels) or 784 (28 x 28), as `--set inputs=784` or `--input 784`",
            )
        return _resized(images, side, side).flatten(1)
    if len(shape) != 3 or min(shape[1:]) < 8:
        raise TrainingError(
            f"`digits` cannot be {text(shape)}", "the network must take 1xHxW, at least 1x8x8, or features"
        )
    height, width = shape[1:]
    if min(height, width) < 16:
        return _resized(images, height, width)
    rows, columns = height // 16, width // 16
    images = _resized(images, height - 2 * rows, width - 2 * columns)
    return F.pad(images, (columns, columns, rows, rows))


def _resized(images: Tensor, height: int, width: int) -> Tensor:
    if (height, width) == (8, 8):
        return images
    return F.interpolate(images, (height, width), mode="bicubic", align_corners=False).clamp(0, 1)
