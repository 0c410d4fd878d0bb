"""What `--data` names, opened for a network: `digits`, `folder:PATH`, `FILE.npz`, `mnist`, `spiral`, ...

A set says itself how it comes to the network's input as far as that is its own business (`digits` are drawn at its
size); the rest is the recipe's. A name that is not known is told with the nearest.
"""

from __future__ import annotations

from pathlib import Path

from netdsl.shapes import Shape
from netdsl.text.diagnostics import did_you_mean
from netdsl.training.data.data import Arrays, Data, Examples
from netdsl.training.errors import TrainingError

PLANE = ("xor", "xor_cloud", "circles", "moons", "spiral")
KNOWN = ("mnist", "fashion-mnist", "cifar10", "cifar100")
NAMES = ("digits", *KNOWN, *PLANE, "squares", "one_half", "random")
"""The sets that have a name."""
FORMS = "folder:PATH, wds:PATTERN, hf:NAME or FILE.npz"


def open_data(name: str, shape: Shape, classes: int, seed: int = 0, masks: bool = False) -> Data:
    """The set that `--data` names, for a network with this input and so many classes: of images, or with `masks` of
    their pixels. Raises `TrainingError`."""
    found = _open(name, shape, classes, seed)
    check_labels(found, masks)
    if len(found.classes) > max(classes, 2) or (classes > 1 and len(found.classes) > classes):
        raise TrainingError(
            f"`{name}` has {len(found.classes)} classes, the network {classes} outputs",
            f"where the spec has the param: `--set classes={len(found.classes)}`",
        )
    return found


def check_labels(found: Data, masks: bool) -> None:
    """Hold the kind of labels against a network that gives a map (`masks`), or not. Raises `TrainingError`."""
    if masks and not found.masks:
        raise TrainingError(
            f"`{found.name}` has one class for an image; the network gives a map, no scores of classes",
            "a map learns by masks: folder:PATH with train/images/1.jpg beside train/masks/1.png",
        )
    if found.masks and not masks:
        raise TrainingError(
            f"`{found.name}` has masks, a class for each pixel; the network gives one for an image",
            "lay out folders of classes: train/cat/1.jpg; or train a network for segmentation",
        )


def _open(name: str, shape: Shape, classes: int, seed: int) -> Data:
    kind, _, argument = name.partition(":")
    if kind == "digits":
        from netdsl.training.data.digits import open_

        return open_(argument, shape, seed)
    if name in PLANE or name in ("squares", "one_half", "random"):
        from netdsl.training.data import toys

        if name in ("squares", "one_half"):
            return (toys.squares if name == "squares" else toys.one_half)(shape, seed)
        return toys.noise(shape, classes, seed) if name == "random" else toys.plane(name, shape, seed)
    if name in KNOWN:
        from netdsl.training.data import known

        return known.open_(name, shape, seed)
    if kind == "hf" and argument:
        from netdsl.training.data import hub

        return hub.open_(argument, shape, seed)
    if kind == "wds":
        from netdsl.training.data import shards

        return shards.open_(argument, shape, seed)
    from netdsl.training.data import files

    if name.endswith(".npz"):
        return files.arrays(name, shape, seed)
    if kind == "folder" or Path(name).is_dir():
        from netdsl.training.data import masks

        path = argument if kind == "folder" else name
        if masks.is_masked(Path(path).expanduser()):
            return masks.folder(path, shape, classes, seed)
        return files.folder(path, shape, seed)
    hint = did_you_mean(name, NAMES) or f"sets with a name are {', '.join(sorted(NAMES))}"
    raise TrainingError(f"there is no data `{name}`", f"{hint.removesuffix('?')}; or {FORMS}")


__all__ = ["FORMS", "NAMES", "Arrays", "Data", "Examples", "TrainingError", "check_labels", "open_data"]
