"""`reduce`: all channels as one."""

from __future__ import annotations

from typing import Literal

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.shapes import Shape

MEAN = '''class ChannelMean(nn.Module):
    """The mean over the channels, as one."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1, keepdim=True)
'''
MAX = '''class ChannelMax(nn.Module):
    """The largest of the channels, as one."""

    def forward(self, x: Tensor) -> Tensor:
        return x.amax(1, keepdim=True)
'''


class Reduce(Operator):
    """All channels as one: `reduce(mean)` is their mean at each place, `reduce(max)` the largest.

    C x H x W gives 1 x H x W. Over the plane it is `gap` and `gmp`.

    Source: the spatial attention of Woo et al., CBAM, 2018, eq. 3. PyTorch: `Tensor.mean`, `Tensor.amax`.
    """

    family = Family.POOLING
    example = "reduce(mean)"

    by: Literal["mean", "max"]
    """The mean or the largest."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (1, *inputs[0][1:])

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The largest is looked for again; a mean needs nothing."""
        return Saved((0,), output=True) if self.by == "max" else Saved()

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.by == "mean":
            return Torch(Call("ChannelMean"), definitions=(MEAN,))
        return Torch(Call("ChannelMax"), definitions=(MAX,))
