"""`shuffle`: channels across groups."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import divides, plane
from netdsl.ops.shared.fields import Count
from netdsl.shapes import Shape


class Shuffle(Operator):
    """Channel shuffle: with g groups of n channels, output channel i*g + j is input channel j*n + i. The shape stays.

    Source: Zhang et al., ShuffleNet, 2018, section 3.1. PyTorch: `nn.ChannelShuffle`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    aliases = ("channel shuffle", "channel-shuffle", "channelshuffle")
    example = "shuffle(4)"

    groups: Count
    """Number of groups; must divide the channels."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *_ = plane(self.name, inputs[0])
        divides(self.groups, channels, "channels")
        return inputs[0]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.ChannelShuffle", (self.groups,)))
