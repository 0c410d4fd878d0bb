"""Data that users have: a folder of images (`folder:PATH`, or a bare directory), and arrays (`FILE.npz`)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import Dataset

from netdsl.shapes import Shape
from netdsl.text.diagnostics import did_you_mean
from netdsl.training.data.data import Arrays, Data, Item
from netdsl.training.errors import TrainingError

Place = TypeVar("Place")
ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
TEST_NAMES = ("val", "valid", "validation", "test")
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of ImageNet's colours, by which photographs are normalized (torchvision's)."""


class Images(Dataset[Item]):
    """Image files with labels, decoded when they are asked for: C x H x W of 0 to 1, in grey where `channels` is 1.

    A file that cannot be read raises `TrainingError` with its name.
    """

    def __init__(self, files: Sequence[tuple[Path, int]], channels: int):
        self.files, self.channels = list(files), channels

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Item:
        path, label = self.files[index]
        return decoded(path, self.channels), torch.tensor(label)


def decoded(path: Path, channels: int) -> Tensor:
    """An image file as C x H x W, from 0 to 1. Raises `TrainingError` where it is none."""
    with legible(lambda: path):
        return pixels(path, channels)


def pixels(file: Path | BinaryIO, channels: int) -> Tensor:
    """What is in an image file, C x H x W, from 0 to 1; in grey where `channels` is 1."""
    from torchvision.transforms.v2.functional import pil_to_tensor

    with Image.open(file) as image:
        found: Tensor = pil_to_tensor(image.convert("L" if channels == 1 else "RGB"))
    return found.float() / 255


@contextmanager
def legible(name: Callable[[], object], kind: str = "an image") -> Iterator[None]:
    """What a file that is no image raises, as `TrainingError` with its name, which is asked for only then."""
    try:
        yield
    except (OSError, Image.DecompressionBombError, ValueError, SyntaxError) as problem:
        why = "it is of no known format" if isinstance(problem, UnidentifiedImageError) else problem
        raise TrainingError(f"'{name()}' cannot be read as {kind}: {why}", "mend it or take it out") from None


def channels_of(shape: Shape) -> int:
    """How many channels files are read with. Raises `TrainingError` where the network takes no images of files."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise TrainingError("images have 1 or 3 channels, a height and a width; the network takes something else")
    return shape[0]


def folder(argument: str, shape: Shape, seed: int) -> Data:
    """A folder as ImageNet's: `train/CLASS/IMAGE` and `val/CLASS/IMAGE`. Without a part to test on, one image in ten of
    each class is kept for it, by the seed."""
    root = Path(argument).expanduser()
    if not root.is_dir():
        beside = [each.name for each in root.parent.iterdir() if each.is_dir()] if root.parent.is_dir() else []
        raise TrainingError(f"there is no folder '{root}'", did_you_mean(root.name, beside, "folders there are"))
    channels = channels_of(shape)
    trained = root / "train" if (root / "train").is_dir() else root
    tested = next((root / name for name in TEST_NAMES if (root / name).is_dir()), None)
    names = [each for each in _classes(trained) if trained != root or each not in TEST_NAMES]
    if not names and tested is not None:
        raise TrainingError(f"'{root}' has {tested.name}/, but no train/", "the images to train on: train/cat/1.jpg")
    if not names:
        raise TrainingError(
            f"'{trained}' has no folders of classes", "a folder for each class, with its images in it: train/cat/1.jpg"
        )
    train = _listed(trained, names)
    if tested is not None:
        strange = sorted(set(_classes(tested)) - set(names))
        if strange:
            raise TrainingError(
                f"'{tested}' has a class `{strange[0]}` that '{trained}' has not",
                did_you_mean(strange[0], names, "its classes are"),
            )
        test, note = (
            _listed(tested, names),
            f"{len(names)} classes; trained on {trained.name}/, tested on {tested.name}/",
        )
    else:
        train, test = kept_back(train, seed)
        note = f"{len(names)} classes; no val/ there, so one image in ten of each class is kept for testing"
    for kind, files in (("train", train), ("test", test)):
        if not files:
            raise TrainingError(f"there are no images to {kind} on in '{root}'", f"images end in {', '.join(ENDINGS)}")
    mean, std = IMAGENET if channels == 3 else ((0.5,), (0.25,))
    train_images, test_images = (Images(files, channels) for files in (train, test))
    return Data(f"folder:{argument}", train_images, test_images, tuple(names), mean, std, note)


def _classes(root: Path) -> list[str]:
    return sorted(each.name for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))


def _listed(root: Path, names: Sequence[str]) -> list[tuple[Path, int]]:
    return [
        (path, label)
        for label, name in enumerate(names)
        if (root / name).is_dir()
        for path in sorted((root / name).rglob("*"))
        if path.suffix.lower() in ENDINGS
    ]


def kept_back(files: list[tuple[Place, int]], seed: int) -> tuple[list[tuple[Place, int]], list[tuple[Place, int]]]:
    """Labelled files to train on, and one in ten of each class that is kept for testing, by the seed."""
    generator = torch.Generator().manual_seed(seed)
    train: list[tuple[Place, int]] = []
    test: list[tuple[Place, int]] = []
    for label in sorted({label for _, label in files}):
        own = [each for each in files if each[1] == label]
        order = torch.randperm(len(own), generator=generator).tolist()
        held = set(order[: max(len(own) // 10, 1)] if len(own) > 1 else [])
        for index, each in enumerate(own):
            (test if index in held else train).append(each)
    return train, test


def arrays(argument: str, shape: Shape, seed: int) -> Data:
    """An `.npz` with `images` and `labels` (or `x_train`, `y_train`, `x_test`, `y_test` as Keras writes them).

    Images are N x H x W (grey), N x H x W x C or N x C x H x W, whole numbers of 0 to 255 or real ones as they are.
    Without a part to test on, one in ten is kept for it, by the seed.
    """
    path = Path(argument).expanduser()
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise TrainingError(f"there is no file '{path}'") from None
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise TrainingError(f"'{path}' cannot be read as arrays: {problem}", "write it with `numpy.savez`") from None
    if {"x_train", "y_train", "x_test", "y_test"} <= set(found):
        parts = [(found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])]
    elif {"images", "labels"} <= set(found):
        parts = [(found["images"], found["labels"])]
    else:
        raise TrainingError(
            f"'{path}' has {', '.join(sorted(found)) or 'nothing'}",
            "it needs `images` and `labels`, or `x_train` and so on",
        )
    made = [_arrays(path, images, labels, shape) for images, labels in parts]
    if len(made) == 1:
        order = torch.randperm(len(made[0]), generator=torch.Generator().manual_seed(seed))
        held = max(len(order) // 10, 1)
        made = [made[0].subset(order[held:]), made[0].subset(order[:held])]
    count = int(max(int(each.labels.max()) for each in made)) + 1
    mean, std = (None, None)
    if made[0].images.ndim == 4:
        from netdsl.training.data.data import statistics

        mean, std = statistics(made[0].images)
    return Data(argument, made[0], made[1], tuple(map(str, range(count))), mean, std, f"{len(made[0])} to train on")


def _arrays(path: Path, images: np.ndarray, labels: np.ndarray, shape: Shape) -> Arrays:
    if len(images) != len(labels) or len(labels) == 0:
        raise TrainingError(f"'{path}' has {len(images)} images and {len(labels)} labels", "one label for each image")
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise TrainingError(f"the labels of '{path}' are no whole numbers from 0", "one number for each image, from 0")
    if images.dtype.kind not in "uif":
        raise TrainingError(f"the images of '{path}' are of type {images.dtype}", "they are numbers")
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    pixels = pixels.float() / 255 if images.dtype.kind in "ui" else pixels.float()
    if len(shape) == 3 and pixels.ndim == 3:
        pixels = pixels.unsqueeze(1)
    elif len(shape) == 3 and pixels.ndim == 4 and pixels.shape[1] != shape[0] and pixels.shape[3] == shape[0]:
        pixels = pixels.permute(0, 3, 1, 2).contiguous()
    elif len(shape) == 1 and pixels.ndim > 2:
        pixels = pixels.flatten(1)
    return Arrays(pixels, torch.from_numpy(labels.astype("int64")))
