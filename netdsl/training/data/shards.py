"""`wds:PATTERN`: shards of WebDataset, tar files in which `0001.jpg` stands beside `0001.cls`.

The library reads shards as a stream, whose order and place cannot be had again. Here their headers are read once,
paired by the library's rules, and where each image lies is kept. So shards are examples by number like all others: an
epoch has an order of its own, several processes share it, and a run goes on with the very next image.
"""

from __future__ import annotations

import glob
import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from netdsl.shapes import Shape
from netdsl.training.data.data import Data, Item
from netdsl.training.data.files import ENDINGS, IMAGENET, TEST_NAMES, channels_of, kept_back, legible, pixels
from netdsl.training.errors import TrainingError

LABELS = ("label", "cls")
"""Where the class stands in a sample's .json."""
_PLACE = np.dtype([("shard", "i4"), ("offset", "i8"), ("size", "i8"), ("label", "i8")])


class Shards(Dataset[Item]):
    """Images in shards with labels, read where they lie: C x H x W of 0 to 1.

    `places` has shard, offset, size and label of each, in the order of the shards; `parts` how many each shard has,
    so that an order stays near. An image that cannot be read raises `TrainingError` with its name and shard.
    """

    def __init__(self, shards: Sequence[Path], places: np.ndarray, channels: int):
        self.shards, self.places, self.channels = list(shards), places, channels
        self.parts = tuple(int(count) for count in np.bincount(places["shard"]) if count)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Item:
        number, offset, size, label = self.places[index].tolist()
        path = self.shards[number]
        with path.open("rb") as file:
            file.seek(offset)
            content = io.BytesIO(file.read(size))
        with legible(lambda: f"{path}: {_name_at(path, offset)}"):
            return pixels(content, self.channels), torch.tensor(label)


def open_(pattern: str, shape: Shape, seed: int) -> Data:
    """The shards of a pattern: `train-{000..146}.tar`, `train-*.tar`, several joined by `::`.

    Those with val, validation or test in their name, or in a folder of that name, are tested on; without any, one image
    in ten of each class. Raises `TrainingError` for what is missing or cannot be read.
    """
    channels = channels_of(shape)
    shards = _expanded(pattern)
    found = np.concatenate([_indexed(number, path) for number, path in enumerate(shards)])
    tested = np.array([_is_test(path) for path in shards])[found["shard"]]
    count = int(found["label"].max()) + 1
    if tested.any():
        note = "tested on the shards that are named val or test"
    else:
        _, held = kept_back([(index, int(label)) for index, label in enumerate(found["label"])], seed)
        tested[[index for index, _ in held]] = True
        note = "no shard is named val or test, so one image in ten of each class is kept for testing"
    if tested.all():
        raise TrainingError(
            f"`wds:{pattern}` has no images to train on: all its shards are named val or test",
            "add the others, joined by `::`",
        )
    train, test = (Shards(shards, found[part], channels) for part in (~tested, tested))
    mean, std = IMAGENET if channels == 3 else ((0.5,), (0.25,))
    names = tuple(map(str, range(count)))
    return Data(f"wds:{pattern}", train, test, names, mean, std, f"{len(shards)} shards, {count} classes; {note}")


def _is_test(path: Path) -> bool:
    """Whether a word of the shard's name, or its folder, says that it is for testing."""
    return not {path.parent.name, *re.split(r"[^a-z]+", path.stem.lower())}.isdisjoint(TEST_NAMES)


def _expanded(pattern: str) -> list[Path]:
    """The files of a pattern, by the library's rules for braces and the shell's for stars."""
    try:
        from webdataset.shardlists import expand_urls
    except ModuleNotFoundError:
        raise TrainingError("`wds:` needs the library `webdataset`", "pip install 'netdsl[data]'") from None
    if "://" in pattern or pattern.startswith("pipe:"):
        raise TrainingError(f"`wds:{pattern}` is no pattern of files", "fetch the shards, or mount where they are")
    try:
        expanded = expand_urls(pattern)
    except ValueError as problem:
        raise TrainingError(f"`wds:{pattern}` is no pattern: {problem}", _FORM) from None
    except AssertionError:  # the library's
        raise TrainingError(f"`wds:{pattern}`: ${{NAME}} is the environment's WDS_NAME, which is not set") from None
    paths = [Path(path).expanduser() for each in expanded for path in (sorted(glob.glob(each)) or [each])]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        there = len(paths) - len(missing)
        raise TrainingError(
            f"there is no shard '{missing[0]}'",
            f"{there} of the {len(paths)} shards of the pattern are there" if there else _FORM,
        )
    return paths


_FORM = "a pattern is `wds:shards/train-{000..146}.tar`, or `wds:shards/*.tar`; several are joined by `::`"


def _indexed(number: int, path: Path) -> np.ndarray:
    """Where the images of a shard lie, and their classes."""
    from webdataset.tariterators import group_by_keys

    found = []
    try:
        with tarfile.open(path, "r:") as file:
            for sample in group_by_keys(_members(file, path)):
                found.append((number, *_image(sample, path), _label(file, sample, path)))
    except (tarfile.TarError, EOFError, OSError) as problem:
        raise TrainingError(
            f"the shard '{path}' cannot be read: {problem}", "a shard is a .tar that is not compressed, and whole"
        ) from None
    except ValueError as problem:  # the library's: one name twice
        raise TrainingError(f"the shard '{path}' cannot be read: {problem.args[0]}") from None
    if not found:
        raise TrainingError(f"the shard '{path}' has no samples", "0001.jpg beside 0001.cls")
    return np.array(found, _PLACE)


def _members(file: tarfile.TarFile, path: Path) -> Iterator[dict[str, Any]]:
    """The files of a shard as the library pairs them; in place of what they hold, where they lie."""
    for member in file:
        if member.isreg() and not member.name.startswith("__"):  # what is said of the whole shard
            yield {"fname": member.name, "data": member, "__url__": str(path)}
    assert file.fileobj is not None
    file.fileobj.seek(file.offset)
    if any(file.fileobj.read(tarfile.BLOCKSIZE)):  # tarfile takes a header that is damaged for the end
        raise tarfile.ReadError(f"no header at byte {file.offset}")


def _image(sample: dict[str, Any], path: Path) -> tuple[int, int]:
    member = next((sample[name] for name in sample if f".{name.rpartition('.')[2]}" in ENDINGS), None)
    if member is None:
        raise TrainingError(_lacks(sample, path, "no image"), f"images end in {', '.join(ENDINGS)}")
    return member.offset_data, member.size


def _label(file: tarfile.TarFile, sample: dict[str, Any], path: Path) -> int:
    """The class of a sample, a number from 0: its .cls, or `label` in its .json."""
    member = sample.get("cls") or sample.get("json")
    if member is None:
        raise TrainingError(_lacks(sample, path, "no class"), "its number, from 0, stands in a .cls, or a .json")
    stored = file.extractfile(member)
    assert stored is not None
    text = stored.read()
    try:
        told = json.loads(text)
        given = next(told[key] for key in LABELS if key in told) if isinstance(told, dict) else told
        if type(given) is not int or given < 0:
            raise ValueError
    except (ValueError, StopIteration):
        kind = "a number from 0" if "cls" in sample else f"a .json with `{LABELS[0]}`, a number from 0"
        shown = text[:40].decode("utf-8", "replace").strip()
        raise TrainingError(f"the class in '{path}: {member.name}' is `{shown}`", f"it is {kind}") from None
    return given


def _lacks(sample: dict[str, Any], path: Path, what: str) -> str:
    has = ", ".join(f".{name}" for name in sample if not name.startswith("__"))
    return f"the sample `{sample['__key__']}` of '{path}' has {what}; it has {has}"


def _name_at(path: Path, offset: int) -> str:
    """The name of the file that lies there; looked up when something is to be said of it."""
    with tarfile.open(path, "r:") as file:
        return next(member.name for member in file if member.offset_data == offset)
