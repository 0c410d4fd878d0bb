"""The recipe's augmentation as torchvision's transforms: a function for an image in training, one for an image that is
judged, and one for a batch.

Each member of `netdsl.recipe.augment` has its function here, in the table at the end; all of them are torchvision's
(`transforms.v2`) where it has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms import v2

from netdsl.recipe import augment
from netdsl.recipe.augment import Augmentation
from netdsl.training.data import Data
from netdsl.training.data.data import NO_CLASS, Arrays
from netdsl.training.errors import TrainingError

OF_WHOLE_IMAGES = (augment.Mixup, augment.CutMix, augment.RandAugment, augment.AutoAugment, augment.RandomErasing)
"""What torchvision does to an image and not to its mask."""
Transform = Callable[[Any], Any]
"""Of an image C x H x W; or of a pair of torchvision's `Image` and `Mask`, which are cut and turned alike."""

# Principal components of ImageNet's colours: eigenvalues and eigenvectors, for values from 0 to 1, as AlexNet's
# descendants have them (cuda-convnet's, in fb.resnet.torch's `pca`).
EIGENVALUES = (0.2175, 0.0188, 0.0045)
EIGENVECTORS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))


class OfColors(v2.Transform):  # type: ignore[misc]
    """A transform of colours, which leaves a mask as it is."""

    def _call(self, image: Tensor) -> Tensor:
        raise NotImplementedError

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt if isinstance(inpt, tv_tensors.Mask) else self._call(inpt)


class ColorShift(OfColors):
    """Adds a random multiple of each principal component of the colours to all pixels."""

    def __init__(self, std: float):
        super().__init__()
        self.std = std
        self.components = torch.tensor(EIGENVECTORS) * torch.tensor(EIGENVALUES)

    def _call(self, image: Tensor) -> Tensor:
        return image + (self.components @ (self.std * torch.randn(3))).view(3, 1, 1)


class Centre(v2.CenterCrop):  # type: ignore[misc]
    """torchvision's; what it adds around a mask that is smaller belongs to no class."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not isinstance(inpt, tv_tensors.Mask):
            return super().transform(inpt, params)
        return super().transform(inpt - NO_CLASS, params) + NO_CLASS  # zeros are added


class RandomResize(v2.Transform):  # type: ignore[misc]
    """The shorter side gets a random length."""

    def __init__(self, least: int, most: int):
        super().__init__()
        self.least, self.most = least, most

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"size": int(torch.randint(self.least, self.most + 1, ()))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(v2.functional.resize, inpt, [params["size"]], antialias=True)


class RandAugment(nn.Module):
    """torchvision's, with a magnitude that is drawn for each image: normal around one of 0 to 30."""

    def __init__(self, number: int, magnitude: int, std: float):
        super().__init__()
        self.number, self.magnitude, self.std = number, magnitude, std

    def forward(self, image: Tensor) -> Tensor:
        drawn = round(self.magnitude + self.std * float(torch.randn(()))) if self.std else self.magnitude
        changed: Tensor = v2.RandAugment(self.number, min(max(drawn, 0), 30))(image)
        return changed


class AtEightBits(nn.Module):
    """Another transform in whole numbers from 0 to 255, for which its strengths are defined."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, image: Tensor) -> Tensor:
        whole = v2.functional.to_dtype(image.clamp(0, 1), torch.uint8, scale=True)
        changed: Tensor = v2.functional.to_dtype(self.inner(whole), torch.float32, scale=True)
        return changed


class Shift(OfColors):
    """Takes an image or a colour away."""

    def __init__(self, mean: Tensor):
        super().__init__()
        self.mean = mean

    def _call(self, image: Tensor) -> Tensor:
        return image - self.mean


class Levels(OfColors):
    """Black becomes `low`, white `high`."""

    def __init__(self, low: float, high: float):
        super().__init__()
        self.low, self.high = low, high

    def _call(self, image: Tensor) -> Tensor:
        return self.low + (self.high - self.low) * image


@dataclass(frozen=True)
class Pipeline:
    """What is done to an image: `train` and `test` to one, `batch` to N x C x H x W and labels; None for nothing.

    `random` says whether `train` draws random numbers.
    """

    train: Transform | None
    test: Transform | None
    batch: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None
    random: bool


def pipeline(steps: Sequence[Augmentation], data: Data, classes: int) -> Pipeline:
    """The recipe's steps for a set of data.

    Where the recipe neither normalizes nor sets levels, images are normalized by the mean and deviation of the set.
    Raises `TrainingError` for a step that has no meaning for masks.
    """
    for step in steps:
        if data.masks and isinstance(step, OF_WHOLE_IMAGES):
            raise TrainingError(
                f"`{step.name}` is for images with one class, and `{data.name}` has masks",
                "take it out: `--set train.augment='[...]'`; crop, resize, resized_crop, flip and colours act on both",
            )
    always = (augment.Normalize, augment.SubtractMean, augment.Levels)
    if data.mean is not None and not any(isinstance(step, always) for step in steps):
        steps = (*steps, augment.Normalize())
    single = [step for step in steps if not step.batch]
    train = [each for step in single if (each := _training(step, data)) is not None]
    test = [each for step in single if (each := _judging(step, data)) is not None]
    mixing = [_mixing(step, classes) for step in steps if step.batch]
    batch = (v2.RandomChoice(mixing) if len(mixing) > 1 else mixing[0]) if mixing else None
    random = any(not isinstance(step, always) for step in single)
    return Pipeline(_sequence(train), _sequence(test), batch, random)


def _sequence(steps: list[nn.Module]) -> Transform | None:
    return (steps[0] if len(steps) == 1 else nn.Sequential(*steps)) if steps else None


def _training(step: Augmentation, data: Data) -> nn.Module | None:
    made: nn.Module | None = _MAKE[type(step)](step, data)
    return made


def _judging(step: Augmentation, data: Data) -> nn.Module | None:
    """What an image that is judged has of a step: the centre for a crop, nothing of what is random."""
    made: nn.Module | None
    match step:
        case augment.Crop(size=size):
            made = Centre(size)
        case augment.ResizedCrop(size=size):
            made = nn.Sequential(v2.Resize(round(size / 0.875), antialias=True), v2.CenterCrop(size))
        case augment.Resize(size=size):
            made = v2.Resize(size, antialias=True)
        case _:
            made = _training(step, data) if step.always else None
    return made


def _mixing(step: Augmentation, classes: int) -> nn.Module:
    assert isinstance(step, (augment.Mixup, augment.CutMix))
    kind = v2.MixUp if isinstance(step, augment.Mixup) else v2.CutMix
    mixing: nn.Module = kind(alpha=step.alpha, num_classes=classes)
    return mixing


def _crop(size: int, pad: int) -> nn.Module:
    fill = {tv_tensors.Mask: NO_CLASS, "others": 0}
    made: nn.Module = v2.RandomCrop(size, padding=pad or None, pad_if_needed=True, fill=fill)
    return made


def _normalize(step: Any, data: Data) -> nn.Module | None:
    mean, std = (step.mean, step.std) if step.mean is not None else (data.mean, data.std)
    if mean is None or std is None:
        return None
    made: nn.Module = v2.Normalize(list(mean), list(std))
    return made


def _subtract_mean(step: Any, data: Data) -> nn.Module:
    """The mean image of the training set; of files, one colour."""
    if isinstance(data.train, Arrays):
        images = data.train.images
        return Shift(images.mean(0) if step.per_pixel or images.ndim == 2 else images.mean((0, 2, 3))[:, None, None])
    return Shift(torch.tensor(data.mean)[:, None, None])


_POLICIES = {name.lower(): getattr(v2.AutoAugmentPolicy, name) for name in ("IMAGENET", "CIFAR10", "SVHN")}
_MAKE: dict[type[Augmentation], Callable[[Any, Data], nn.Module | None]] = {
    augment.Crop: lambda s, _: _crop(s.size, s.pad),
    augment.CenterCrop: lambda s, _: Centre(s.size),
    augment.ResizedCrop: lambda s, _: v2.RandomResizedCrop(s.size, scale=(s.least, s.most), antialias=True),
    augment.Resize: lambda s, _: RandomResize(s.size, s.most) if s.most else v2.Resize(s.size, antialias=True),
    augment.Flip: lambda s, _: v2.RandomHorizontalFlip(s.p),
    augment.ColorShift: lambda s, _: ColorShift(s.std),
    augment.ColorJitter: lambda s, _: v2.ColorJitter(s.brightness, s.contrast, s.saturation, s.hue),
    augment.Distort: lambda s, _: v2.ColorJitter(0.5, 0.5, 0.5),
    augment.RandAugment: lambda s, _: AtEightBits(RandAugment(s.number, s.magnitude, s.std)),
    augment.AutoAugment: lambda s, _: AtEightBits(v2.AutoAugment(_POLICIES[s.policy])),
    augment.RandomErasing: lambda s, _: v2.RandomErasing(s.p, value="random" if s.noise else 0),
    augment.SubtractMean: _subtract_mean,
    augment.Normalize: _normalize,
    augment.Levels: lambda s, _: Levels(s.low, s.high),
}
"""What each member of the vocabulary is in training."""
