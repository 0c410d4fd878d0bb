"""How well a trained network does: the papers' ways to look at an image, top-1 and top-5, mIoU of masks, and single
predictions.

- `1`: one crop, as in training.
- `10`: the four corners and the centre, and their mirror images (AlexNet, section 4.1); probabilities are averaged.
- `144`: GoogLeNet's (section 7): four sizes, three squares of each, six crops of a square, mirrored.
- `dense`: VGG's (section 3.2): the whole image at three sizes and mirrored, fc as convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as V

from netdsl.ir import Network
from netdsl.recipe import Recipe, augment
from netdsl.training.data import Data, open_data
from netdsl.training.dense import dense
from netdsl.training.errors import TrainingError
from netdsl.training.loader import Batches, Place, Prepared, batches, workers_for
from netdsl.training.losses import at_size, compute, probabilities, scores
from netdsl.training.task import Task, classes_of, gives_map
from netdsl.training.transforms import Pipeline, Transform, pipeline

CROPS = ("1", "10", "144", "dense")
SCALES = (8, 12, 16)
"""Sizes of the dense evaluation, in sevenths of the network's input: 256, 384 and 512 for 224."""
GEOMETRIC = (augment.Crop, augment.CenterCrop, augment.ResizedCrop, augment.Resize)


@dataclass(frozen=True)
class Verdict:
    """Shares of right answers (`top5` None with five classes or fewer; of masks `miou`, the mean of intersection over
    union, in place of both), the mean loss, images and seconds."""

    top1: float | None
    top5: float | None
    loss: float
    images: int
    crops: str
    seconds: float
    miou: float | None = None


def judge(
    network: Network, models: Sequence[nn.Module], recipe: Recipe, data: Data, crops: str = "1", batch: int = 64
) -> Verdict:
    """Accuracy on a set's test images; of several models, of the mean of their probabilities (an ensemble).

    Raises `TrainingError` where the images cannot be cropped so.
    """
    begun = perf_counter()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    whole = crops == "dense"
    shape = network.inputs[0].shape
    if whole and len(shape) != 3:
        raise TrainingError(f"--crops dense is for images; {network.name} takes {shape[0]} features")
    if crops != "1" and data.masks:
        raise TrainingError(f"--crops {crops} is for images with one class; masks are judged whole", "--crops 1")
    made = [dense(model.cpu(), shape) if whole else model for model in models]
    tasks = [Task(network, recipe, model).eval().to(device) for model in made]
    views = _views(network, recipe, data, crops)
    loader = batches(
        Prepared(data.test, views.test, False, recipe.seed),
        1 if whole else batch,  # whole images have sizes of their own
        recipe.seed,
        False,
        Place(workers=workers_for(data.test, crops != "1")),
    )
    if data.masks:
        return _judged_masks(tasks, loader, recipe, begun)
    right1 = right5 = count = 0
    total = 0.0
    classes = classes_of(network)
    with torch.inference_mode():
        for given in loader:
            images, labels = (each.to(device) for each in given)
            answered = _dense_answer if whole else _answer
            found = torch.stack([answered(task, images, recipe) for task in tasks])
            answer, loss = found.mean(0), [compute(recipe.loss, *each) for each in _single(tasks, images, labels)]
            order = answer.topk(min(5, classes), dim=1).indices
            right1 += int((order[:, 0] == labels).sum())
            right5 += int((order == labels[:, None]).any(1).sum())
            total += float(sum(loss)) / len(loss) * len(labels)
            count += len(labels)
    top5 = right5 / count if classes > 5 else None
    return Verdict(right1 / count, top5, total / count, count, crops, perf_counter() - begun)


def _judged_masks(tasks: Sequence[Task], loader: Batches, recipe: Recipe, begun: float) -> Verdict:
    """The mean intersection over union, over all pixels of all images that have a class."""
    metric = tasks[0].miou
    assert metric is not None
    total, count = 0.0, 0
    with torch.inference_mode():
        for given in loader:
            images, masks = (each.to(tasks[0].device) for each in given)
            outputs = [at_size(task.outputs(images)[0], masks) for task in tasks]
            metric.update(torch.stack([probabilities(recipe.loss, each) for each in outputs]).mean(0), masks)
            total += float(sum(compute(recipe.loss, each, masks) for each in outputs)) / len(outputs) * len(images)
            count += len(images)
    found = float(metric.compute())
    return Verdict(None, None, total / count, count, "1", perf_counter() - begun, found)


def _single(tasks: Sequence[Task], images: Tensor, labels: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The outputs for the first view of each image, with their labels, for the loss."""
    first = images[:, 0] if images.ndim == 5 else images
    return [(task.outputs(first)[0], labels) for task in tasks]


def _answer(task: Task, images: Tensor, recipe: Recipe) -> Tensor:
    """N x C probabilities; of N x V x C x H x W their mean over the views."""
    if images.ndim < 5:
        return probabilities(recipe.loss, task.outputs(images)[0])
    count, views = images.shape[:2]
    given = task.outputs(images.flatten(0, 1))[0]
    answers = probabilities(recipe.loss, given)
    return answers.view(count, views, -1).mean(1)


def _dense_answer(task: Task, images: Tensor, recipe: Recipe) -> Tensor:
    """N x C probabilities: their mean over the sizes of the whole image, and its mirror images."""
    answers = []
    for sevenths in SCALES:
        size = [round(min(task.shape[1:]) * sevenths / 7)]
        resized = V.resize(images, size, antialias=True)
        answers += [probabilities(recipe.loss, task.outputs(each)[0]) for each in (resized, resized.flip(-1))]
    return torch.stack(answers).mean(0)


def _views(network: Network, recipe: Recipe, data: Data, crops: str) -> Pipeline:
    """What is done to an image that is judged."""
    made = pipeline(recipe.augment, data, classes_of(network))
    if crops == "1":
        return made
    shape = network.inputs[0].shape
    if len(shape) != 3:
        raise TrainingError(f"--crops {crops} is for images; {network.name} takes {shape[0]} features")
    rest: Transform | None = pipeline(
        [step for step in recipe.augment if not isinstance(step, GEOMETRIC)], data, classes_of(network)
    ).test
    views = {"10": ten_crops, "144": many_crops}
    return Pipeline(None, views[crops](shape, rest) if crops in views else rest, None, False)


def ten_crops(shape: Sequence[int], rest: Transform | None) -> Callable[[Tensor], Tensor]:
    """An image as 10 x C x H x W: corners and centre of the image, whose shorter side is 8/7 of the crop's, and mirror
    images. Images no larger than the crop are padded by an eighth first."""
    height, width = shape[1:]

    def view(image: Tensor) -> Tensor:
        image = _for_crops(image, height, width)
        image = rest(image) if rest is not None else image
        return torch.stack(list(V.ten_crop(image, [height, width])))

    return view


def _for_crops(image: Tensor, height: int, width: int) -> Tensor:
    if image.shape[-2:] == (height, width):
        border = max(min(height, width) // 16, 1)
        return F.pad(image, (border,) * 4)
    resized: Tensor = V.resize(image, [round(min(height, width) * 8 / 7)], antialias=True)
    return resized


def many_crops(shape: Sequence[int], rest: Transform | None) -> Callable[[Tensor], Tensor]:
    """GoogLeNet's 144: the shorter side becomes 8/7, 9/7, 10/7 and 11/7 of the crop's (256, 288, 320 and 352 for 224);
    left, middle and right square of each; of a square the corners, the centre and the whole; and mirror images."""
    side = shape[1]

    def view(image: Tensor) -> Tensor:
        found = []
        for sevenths in (8, 9, 10, 11):
            size = round(side * sevenths / 7)
            resized = V.resize(image, [size], antialias=True)
            for square in _squares(resized, size):
                square = rest(square) if rest is not None else square
                found += [*V.five_crop(square, [side, side]), V.resize(square, [side, side], antialias=True)]
        crops = torch.stack(found)
        return torch.cat([crops, crops.flip(-1)])

    return view


def _squares(image: Tensor, size: int) -> list[Tensor]:
    height, width = image.shape[-2:]
    places = [0, (max(height, width) - size) // 2, max(height, width) - size]
    tall = height > width
    return [image[..., p : p + size, :] if tall else image[..., :, p : p + size] for p in places]


@dataclass(frozen=True)
class Prediction:
    """What a network sees in an image: classes with their probabilities, the likeliest first."""

    image: str
    classes: tuple[tuple[str, float], ...]


def predict(
    network: Network, model: nn.Module, recipe: Recipe, about: Mapping[str, Any], images: Sequence[Path], top: int = 5
) -> list[Prediction]:
    """The classes of image files. `about` is what run.json says: the names of the classes, and the data."""
    from netdsl.training.data.files import decoded

    if gives_map(network):
        raise TrainingError(
            f"{network.name} gives a class for each pixel; `netdsl predict` names the classes of whole images",
            "in Python: `netdsl.build(network)` with the run's weights",
        )
    shape = network.inputs[0].shape
    channels = shape[0] if len(shape) == 3 else 1
    prepare = _prepared(network, recipe, about)
    names = about["classes"]
    task = Task(network, recipe, model).eval()
    found = []
    with torch.inference_mode():
        for path in images:
            image = _at_size(decoded(path, channels), shape)
            image = prepare(image) if prepare is not None else image
            answer = probabilities(recipe.loss, task.outputs(image[None])[0])[0]
            values, places = answer.topk(min(top, len(names)))
            pairs = zip(places.tolist(), values.tolist(), strict=True)
            found.append(Prediction(str(path), tuple((names[place], value) for place, value in pairs)))
    return found


def _prepared(network: Network, recipe: Recipe, about: Mapping[str, Any]) -> Transform | None:
    """The recipe's preparation, with the mean and deviation that the run was trained with."""
    nothing: Any = ()
    data = Data("", nothing, nothing, (), about.get("mean"), about.get("std"))
    if any(isinstance(step, augment.SubtractMean) for step in recipe.augment):  # the mean image is only in the data
        data = open_data(about["asked"], network.inputs[0].shape, classes_of(network), recipe.seed)
    steps = [step for step in recipe.augment if not isinstance(step, GEOMETRIC)]
    return pipeline(steps, data, classes_of(network)).test


def _at_size(image: Tensor, shape: Sequence[int]) -> Tensor:
    """An image at the size that the network takes: its shorter side fitted, then the centre."""
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        flat: Tensor = V.resize(image, [side, side], antialias=True).flatten()
        return flat
    resized = V.resize(image, [max(shape[1:])], antialias=True)
    cropped: Tensor = V.center_crop(resized, list(shape[1:]))
    return cropped


__all__ = ["CROPS", "Prediction", "Verdict", "judge", "many_crops", "predict", "scores", "ten_crops"]
