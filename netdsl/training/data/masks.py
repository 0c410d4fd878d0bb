"""A folder for segmentation: `train/images/NAME.jpg` beside `train/masks/NAME.png`, and `val/` alike.

A mask is an image of one channel whose values are the numbers of classes (PASCAL VOC's palette is fine), 255 where a
pixel belongs to none and is neither learned nor judged. It comes as torchvision's `Mask`, so that its transforms do to
it what they do to the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from torchvision import tv_tensors

from netdsl.shapes import Shape
from netdsl.training.data.data import NO_CLASS, Data, Item
from netdsl.training.data.files import ENDINGS, IMAGENET, TEST_NAMES, channels_of, decoded, legible
from netdsl.training.errors import TrainingError

LOOKED_AT = 32
"""So many masks are looked at before the first step; each is, when it is read."""


class Masked(Dataset[Item]):
    """Images C x H x W of 0 to 1, and masks H x W of whole numbers below `classes`, or 255.

    A pair that cannot be read, or does not fit together, raises `TrainingError` with its name.
    """

    def __init__(self, files: Sequence[tuple[Path, Path]], channels: int, classes: int):
        self.files, self.channels, self.classes = list(files), channels, classes

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Item:
        path, beside = self.files[index]
        image, mask = decoded(path, self.channels), read_mask(beside, self.classes)
        if image.shape[1:] != mask.shape:
            sizes = ["x".join(map(str, each)) for each in (image.shape[1:], mask.shape)]
            raise TrainingError(f"'{path}' is {sizes[0]}, its mask {sizes[1]}", "a mask has the size of its image")
        return image, mask


def read_mask(path: Path, classes: int) -> tv_tensors.Mask:
    """The classes of an image's pixels, H x W. Raises `TrainingError` where it is no mask of so many classes."""
    with legible(lambda: path, "a mask"), Image.open(path) as image:
        found = np.array(image)
    if found.ndim != 2:
        raise TrainingError(
            f"the mask '{path}' has {found.shape[2]} channels",
            "a mask has one: the numbers of classes, as PNG of mode `L` or `P`",
        )
    mask = found.astype("int64")
    most = int(mask[mask != NO_CLASS].max(initial=0))
    if most >= classes:
        raise TrainingError(
            f"the mask '{path}' has a class {most}; the network tells {classes} apart, 0 to {classes - 1}",
            f"where the spec has the param: `--set classes={most + 1}`; what belongs to no class is {NO_CLASS}",
        )
    return tv_tensors.Mask(torch.from_numpy(mask))


def is_masked(root: Path) -> bool:
    """Whether a folder is laid out for segmentation."""
    return (root / "train" / "images").is_dir() and (root / "train" / "masks").is_dir()


def folder(argument: str, shape: Shape, classes: int, seed: int) -> Data:
    """The images and masks of a folder. Without a part to test on, one image in ten is kept for it, by the seed."""
    root = Path(argument).expanduser()
    channels = channels_of(shape)
    train = _pairs(root / "train")
    tested = next((root / name for name in TEST_NAMES if (root / name).is_dir()), None)
    if tested is not None:
        test, note = _pairs(tested), f"masks; trained on train/, tested on {tested.name}/"
    else:
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
        held = set(order[: max(len(order) // 10, 1)] if len(order) > 1 else [])
        parts = [[each for index, each in enumerate(train) if (index in held) is kept] for kept in (False, True)]
        train, test = parts
        note = "masks; no val/ there, so one image in ten is kept for testing"
    for kind, files in (("train", train), ("test", test)):
        if not files:
            raise TrainingError(f"there are no images to {kind} on in '{root}'", f"images end in {', '.join(ENDINGS)}")
        for _, mask in files[:: -(-len(files) // LOOKED_AT)]:
            read_mask(mask, classes)
    mean, std = IMAGENET if channels == 3 else ((0.5,), (0.25,))
    made = [Masked(files, channels, classes) for files in (train, test)]
    names = tuple(map(str, range(classes)))
    return Data(f"folder:{argument}", made[0], made[1], names, mean, std, note, masks=True)


def _pairs(part: Path) -> list[tuple[Path, Path]]:
    """The images of a part, each with its mask."""
    for name in ("images", "masks"):
        if not (part / name).is_dir():
            raise TrainingError(f"'{part}' has no folder {name}/", "images/NAME.jpg beside masks/NAME.png")
    images = sorted(path for path in (part / "images").rglob("*") if path.suffix.lower() in ENDINGS)
    found = []
    for image in images:
        mask = (part / "masks" / image.relative_to(part / "images")).with_suffix(".png")
        if not mask.is_file():
            raise TrainingError(f"'{image}' has no mask", f"its mask is looked for at '{mask}'")
        found.append((image, mask))
    return found
