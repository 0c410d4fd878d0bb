"""`gap`: global average pooling."""

from __future__ import annotations

from netdsl.ops.avgpool import AvgPool
from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window
from netdsl.ops.shared.checks import plane
from netdsl.shapes import Shape


class GlobalAvgPool(Operator):
    """Global average pooling: the mean of each channel, C x H x W to C x 1 x 1.

    Source: Lin, Chen, Yan, Network in Network, 2014, section 3.2. PyTorch: `nn.AdaptiveAvgPool2d(1)`.
    """

    family = Family.POOLING
    called = "avg pool"
    keeps = Saved()
    any_channels = True
    aliases = ("global average pooling", "global avg pool", "global average pool", "global avgpool")

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        return (channels, *(1 for _ in sizes))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call(f"nn.AdaptiveAvgPool{len(inputs[0]) - 1}d", (1,)))

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        return AvgPool.model_validate({"to": 1}).fitted(len(inputs[0]) - 1).canonical(inputs)
