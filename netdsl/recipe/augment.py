"""What recipes do to images: when they are trained on (augmentation), and always (normalization, levels).

An image comes as C x H x W with values from 0 to 1. The order of the recipe is the order in which they are applied;
`mixup` and `cutmix` act on the batch, behind all others.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from netdsl.ops.shared.fields import Count, Finite, Flag, NonNegative, Positive, Share, Size, Words
from netdsl.recipe.part import Part


def _several(value: object) -> object:
    return value if isinstance(value, (tuple, list)) else (value,)


Channels = Annotated[
    tuple[Finite, ...], BeforeValidator(_several), Words("a number, or a list of one for each channel")
]
Deviations = Annotated[
    tuple[Positive, ...], BeforeValidator(_several), Words("a number above 0, or a list of one for each channel")
]


class Augmentation(Part):
    """One change of an image.

    - `always`: it is done to the images that are judged, too; cropping then takes the centre.
    - `batch`: it mixes the images of a batch.
    """

    always: ClassVar[bool] = False
    batch: ClassVar[bool] = False

    @classmethod
    def bare(cls) -> type:
        return Augmentation


class Crop(Augmentation):
    """A square of the image, at a random place; judged is the centre. `pad` adds black at each side before (the 4 of
    CIFAR)."""

    name = "crop"
    always = True
    size: Count
    """The side of the square, in pixels."""
    pad: Size = 0
    """Pixels added on each side before, in training."""


class CenterCrop(Augmentation):
    """The square in the middle."""

    name = "center_crop"
    always = True
    size: Count
    """The side of the square, in pixels."""


class ResizedCrop(Augmentation):
    """Szegedy et al. 2015, section 6: a part of the image with an area from `least` to `most` of it and an aspect ratio
    between 3/4 and 4/3, brought to `size`. Judged is the centre of the image, its shorter side size / 0.875 long."""

    name = "resized_crop"
    always = True
    size: Count
    """The side of what comes out, in pixels."""
    least: Share = 0.08
    """The least area."""
    most: Share = 1.0
    """The greatest area."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.least <= self.most:
            raise ValueError("`least` is above 0 and at most `most`")
        return self


class Resize(Augmentation):
    """The shorter side becomes `size` pixels long; a random number from `size` to `most` of them where that is given
    (VGG's scale jitter, S in [256, 512]). Judged is `size`."""

    name = "resize"
    always = True
    size: Count
    """The shorter side, in pixels."""
    most: Count | None = None
    """The longest that it becomes."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.most is not None and self.most < self.size:
            raise ValueError("`most` is at least `size`")
        return self


class Flip(Augmentation):
    """Left and right change places."""

    name = "flip"
    p: Share = 0.5
    """How often."""


class ColorShift(Augmentation):
    """Krizhevsky et al. 2012, section 4.1: a random multiple of each principal component of the colours is added to all
    pixels; the components are those of ImageNet."""

    name = "color_shift"
    std: NonNegative = 0.1
    """The standard deviation of the multiples."""


class ColorJitter(Augmentation):
    """Brightness, contrast, saturation and hue are changed by random amounts, in random order."""

    name = "color_jitter"
    brightness: NonNegative = 0.4
    """From 1 - b to 1 + b times."""
    contrast: NonNegative = 0.4
    """From 1 - c to 1 + c times."""
    saturation: NonNegative = 0.4
    """From 1 - s to 1 + s times."""
    hue: Annotated[float, Field(ge=0, le=0.5, strict=True), Words("a number from 0 to 0.5")] = 0.0
    """Turned by -h to h, 1 being the whole circle."""


class Distort(Augmentation):
    """The photometric distortions of Howard 2013, which GoogLeNet's paper names: brightness, contrast and colour from
    half to one and a half times."""

    name = "distort"


class RandAugment(Augmentation):
    """Cubuk et al. 2020: so many operations drawn at random, all of one magnitude."""

    name = "rand_augment"
    number: Count = 2
    """Operations for an image."""
    magnitude: Annotated[int, Field(ge=0, le=30, strict=True), Words("an integer from 0 to 30")] = 9
    """How strong, of 30."""
    std: NonNegative = 0.0
    """The standard deviation of the magnitude from image to image (ConvNeXt: 0.5)."""


class AutoAugment(Augmentation):
    """Cubuk et al. 2019: one of the policies learned on that data set."""

    name = "auto_augment"
    policy: Literal["imagenet", "cifar10", "svhn"] = "imagenet"
    """The data set whose policy it is."""


class RandomErasing(Augmentation):
    """Zhong et al. 2020: a random rectangle becomes noise or black."""

    name = "random_erasing"
    p: Share = 0.25
    """How often."""
    noise: Flag = False
    """Noise, and not black."""


class Mixup(Augmentation):
    """Zhang et al. 2018: each image and its label are mixed with another's, in a proportion from Beta(alpha, alpha)."""

    name = "mixup"
    batch = True
    alpha: Positive = 0.2
    """The parameter of the distribution."""


class CutMix(Augmentation):
    """Yun et al. 2019: a rectangle of another image is put in, and the label mixed by its area, from Beta(alpha,
    alpha)."""

    name = "cutmix"
    batch = True
    alpha: Positive = 1.0
    """The parameter of the distribution."""


class SubtractMean(Augmentation):
    """The mean of the training images is taken away: one colour, or an image of means with `per_pixel`."""

    name = "subtract_mean"
    always = True
    per_pixel: Flag = False
    """One mean for each pixel (AlexNet; ResNet on CIFAR-10)."""


class Normalize(Augmentation):
    """(x - mean) / std for each channel. Without arguments, the mean and deviation of the training images."""

    name = "normalize"
    always = True
    mean: Channels | None = None
    """The means, of values from 0 to 1."""
    std: Deviations | None = None
    """The standard deviations."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.mean is None) != (self.std is None):
            raise ValueError("`mean` and `std` are given together, or neither")
        return self


class Levels(Augmentation):
    """Black (0) becomes `low`, white (1) `high`: LeNet-5's -0.1 and 1.175 (LeCun et al. 1998, section II-B)."""

    name = "levels"
    always = True
    low: Finite
    """What the background becomes."""
    high: Finite
    """What the ink becomes."""
