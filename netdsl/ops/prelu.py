"""`prelu`: rectified linear unit with a learned slope."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Call, Constant, Saved, Torch, Weight
from netdsl.ops.shared.fields import Finite, Flag, Frozen
from netdsl.shapes import Shape


class Prelu(Activation):
    """Rectified linear unit with a learned slope: x where x > 0, weight * x elsewhere.

    One slope for all values, or with `per_channel=true` one for each channel.

    Source: He et al., Delving Deep into Rectifiers, 2015, eq. 1. PyTorch: `nn.PReLU`.
    """

    aliases = ("parametric relu",)

    per_channel: Flag = False
    """Learn a slope for each channel."""
    slope: Finite = 0.25
    """What the slopes start from."""
    frozen: Frozen = False

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {"weight": Weight((inputs[0][0] if self.per_channel else 1,), not self.frozen)}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input; the gradients of slopes are there value by value, before they are summed."""
        return Saved((0,), passing=prod(inputs[0]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {"init": self.slope} if self.slope != 0.25 else {}
        return Torch(Call("nn.PReLU", (inputs[0][0],) if self.per_channel else (), kwargs), frozen=self.frozen)
