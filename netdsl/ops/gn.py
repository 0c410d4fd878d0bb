"""`gn`: group normalization."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Weight, Window
from netdsl.ops.shared.checks import divides
from netdsl.ops.shared.fields import Count, Epsilon, Frozen
from netdsl.shapes import Shape


class GroupNorm(Operator):
    """Group normalization: each group of channels, over the plane, to mean 0 and variance 1, then scale and offset.

    The shape stays. `gn(1)` normalizes over all channels and the plane.

    Source: Wu and He, Group Normalization, 2018. PyTorch: `nn.GroupNorm`.
    """

    family = Family.NORMALIZATION
    aliases = ("groupnorm", "group norm", "group-norm", "group normalization")

    groups: Count
    """Number of groups; must divide the channels."""
    eps: Epsilon = 1e-5
    """Added to the variance."""
    frozen: Frozen = False

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        divides(self.groups, inputs[0][0], "channels")
        return inputs[0]

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        each = Weight((inputs[0][0],), not self.frozen)
        return {"weight": each, "bias": each}

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.eps == 1e-5 else {"eps": self.eps}
        return Torch(Call("nn.GroupNorm", (self.groups, inputs[0][0]), kwargs), frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
