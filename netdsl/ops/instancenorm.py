"""`instancenorm`: instance normalization."""

from __future__ import annotations

from math import prod

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight, Window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen
from netdsl.ops.shared.norm import called, learned
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
    """Learn a scale for each channel, and an offset unless `offset=false`."""
    offset: Flag | None = Field(None, exclude_if=lambda value: value is None)
    """Learn an offset for each channel; none: where there is a scale."""
    frozen: Frozen = False

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, *sizes = plane(self.name, inputs[0])
        if prod(sizes) == 1:
            message = f"`{self.name}` of a {text(tuple(sizes))} plane is always 0; the input is {text(inputs[0])}"
            raise OpError(message, help="use `bn` or `ln`")
        return inputs[0]

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return learned(inputs[0][0], self.scale, self.shifted, not self.frozen)

    @property
    def shifted(self) -> bool:
        """Whether it has an offset."""
        return self.scale if self.offset is None else self.offset

    @property
    def weighted(self) -> bool:
        return self.scale or self.shifted

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, mean and deviation of each channel, and its scale, which is there for each sample."""
        return Saved((0,), own=(3 if self.scale else 2) * inputs[0][0])

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.eps == 1e-5 else {"eps": self.eps}
        if self.scale or self.shifted:
            kwargs["affine"] = True
        name = f"InstanceNorm{len(inputs[0]) - 1}d"
        function, _, definitions = called(name, "Instance normalization", self.scale, self.shifted)
        return Torch(Call(function, (inputs[0][0],), kwargs), None, definitions, frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
