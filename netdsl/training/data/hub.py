"""`hf:NAME`: image classification sets by the library `datasets`, from the hub or a folder it can read."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset

from netdsl.shapes import Shape
from netdsl.training.data.data import Data, Item
from netdsl.training.data.files import IMAGENET
from netdsl.training.errors import TrainingError

TESTS = ("validation", "test", "valid", "val")


class Rows(Dataset[Item]):
    """The rows of a table with a column of images and one of labels."""

    def __init__(self, table: Any, image: str, label: str, channels: int):
        self.table, self.image, self.label, self.channels = table, image, label, channels

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> Item:
        from torchvision.transforms.v2.functional import pil_to_tensor

        row = self.table[int(index)]
        picture = row[self.image].convert("L" if self.channels == 1 else "RGB")
        return pil_to_tensor(picture).float() / 255, torch.tensor(int(row[self.label]))


def open_(argument: str, shape: Shape, seed: int) -> Data:
    """A set with a column of images and a column of class labels. Raises `TrainingError` where it has none."""
    try:
        import datasets
    except ModuleNotFoundError:
        raise TrainingError("`hf:` needs the library `datasets`", "pip install 'netdsl[data]'") from None
    try:
        tables = datasets.load_dataset(argument)
    except Exception as problem:  # a hub fails in as many ways as there are networks
        raise TrainingError(f"`hf:{argument}` cannot be opened: {problem}") from None
    if "train" not in tables:
        raise TrainingError(f"`hf:{argument}` has no part `train`; it has {', '.join(tables)}")
    columns = tables["train"].features
    image = next((name for name, kind in columns.items() if type(kind).__name__ == "Image"), None)
    label = next((name for name, kind in columns.items() if type(kind).__name__ == "ClassLabel"), None)
    if image is None or label is None:
        raise TrainingError(f"`hf:{argument}` has no column of images or none of class labels: {', '.join(columns)}")
    tested = next((name for name in TESTS if name in tables), None)
    train, test = tables["train"], tables[tested] if tested else None
    if test is None:
        parts = train.train_test_split(test_size=0.1, seed=seed)
        train, test = parts["train"], parts["test"]
    channels = shape[0] if len(shape) == 3 else 1
    mean, std = IMAGENET if channels == 3 else ((0.5,), (0.25,))
    names = tuple(columns[label].names)
    made = [Rows(table, image, label, channels) for table in (train, test)]
    return Data(f"hf:{argument}", made[0], made[1], names, mean, std, f"parts train and {tested or 'a tenth of it'}")
