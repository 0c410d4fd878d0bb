"""`pointwise`: a fully connected layer at each position of the plane."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Saved, Torch
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.definition import definition, suffix
from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import BiasInitial, Initial
from netdsl.ops.shared.linear import Linear
from netdsl.shapes import Shape

POINTWISE = '''class Pointwise{suffix}(nn.Linear):
    """A fully connected layer over the channels, at each position."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.permute({last}), self.weight, self.bias).permute({first})
'''


class Pointwise(Linear):
    """Fully connected over the channels at each position of the plane: `pointwise-384` computes what `conv1-384` does.

    C x H x W gives channels x H x W. Its weights are a matrix, as those of `fc`, not the filters of a convolution:
    ConvNeXt and the transformers keep them so.

    Source: Liu et al., A ConvNet for the 2020s, 2022, the 1x1 layers of a block. PyTorch: `nn.Linear`, channels last.
    """

    family = Family.CONVOLUTION
    geometry = Geometry(out="channels")
    called = "fc"

    channels: Count
    """Number of units."""
    bias: Flag = True
    """Add a learned bias for each unit."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, *sizes = plane(self.name, inputs[0])
        return (self.channels, *sizes)

    def matrix(self, channels: int) -> tuple[Shape, int]:
        return (self.channels, channels), self.channels

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return self.channels * prod(inputs[0])

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The positions as rows, for the gradient of weights that are trained: a copy, unless they lie so already."""
        if self.frozen:
            return Saved()
        lying = inputs[0][0] == 1 or prod(inputs[0][1:]) == 1
        return Saved((0,)) if lying else Saved(own=prod(inputs[0]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.bias else {"bias": False}
        rank = len(inputs[0]) - 1
        call = Call(f"Pointwise{suffix(rank)}", (inputs[0][0], self.channels), kwargs)
        return self.drawn(call, definition(POINTWISE, rank))
