"""`gmp`: global max pooling."""

from __future__ import annotations

from math import prod

from netdsl.ops.maxpool import MaxPool
from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window
from netdsl.ops.shared.checks import plane
from netdsl.shapes import Shape


class GlobalMaxPool(Operator):
    """Global max pooling: the largest value of each channel, C x H x W to C x 1 x 1.

    PyTorch: `nn.AdaptiveMaxPool2d(1)`.
    """

    family = Family.POOLING
    called = "max pool"
    any_channels = True
    aliases = ("global max pooling", "global max pool", "global maxpool")

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        return (channels, *(1 for _ in sizes))

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, and the places of the maxima."""
        return Saved((0,), own=2 * prod(self.shape(inputs)))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call(f"nn.AdaptiveMaxPool{len(inputs[0]) - 1}d", (1,)))

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return MaxPool.model_validate({"to": 1}).fitted(len(inputs[0]) - 1).canonical(inputs)
