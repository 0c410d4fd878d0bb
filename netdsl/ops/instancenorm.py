"""`instancenorm`: instance normalization."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Weight, Window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import OpError


class InstanceNorm(Operator):
    """Instance normalization: each channel of each sample, over its plane, to mean 0 and variance 1. The shape stays.

    `scale=true` learns a scale and an offset for each channel.

    Source: Ulyanov, Vedaldi, Lempitsky, Instance Normalization, 2016. PyTorch: `nn.InstanceNorm2d`.
    """

    family = Family.NORMALIZATION
    aliases = ("instance norm", "instance-norm", "instance normalization")

    eps: Epsilon = 1e-5
    """Added to the variance."""
    scale: Flag = False
    """Learn a scale and an offset for each channel."""
    frozen: Frozen = False

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, *sizes = plane(self.name, inputs[0])
        if prod(sizes) == 1:
            message = f"`{self.name}` of a {text(tuple(sizes))} plane is always 0; the input is {text(inputs[0])}"
            raise OpError(message, help="use `bn` or `ln`")
        return inputs[0]

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        each = Weight((inputs[0][0],), not self.frozen)
        return {"weight": each, "bias": each} if self.scale else {}

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.eps == 1e-5 else {"eps": self.eps}
        if self.scale:
            kwargs["affine"] = True
        return Torch(Call(f"nn.InstanceNorm{len(inputs[0]) - 1}d", (inputs[0][0],), kwargs), frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
