"""`pad`: rows and columns around the plane."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Torch, Window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Finite, Sides, Size, Words
from netdsl.ops.shared.padding import reversed_sides, shown
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class Pad(Operator):
    """Padding as a layer of its own: C x H x W to C x (top + H + bottom) x (left + W + right).

    `pad(1)` is one row or column of zeros on each side, `pad(1x0)` height x width, `pad([0, 1, 0, 1])` top, bottom,
    left, right. `mode=reflect` mirrors without repeating the border, `replicate` repeats it, `circular` goes round.
    `channels=[0, 64]` adds 64 channels of the constant at the end.

    PyTorch: `nn.ZeroPad2d`, `nn.ConstantPad2d`, `nn.ReflectionPad2d`, `nn.ReplicationPad2d`, `nn.CircularPad2d`; with
    channels `nn.ZeroPad3d`, `nn.ConstantPad3d`.
    """

    family = Family.REARRANGEMENT
    aliases = ("zeropad", "zero pad", "zero-pad")
    modules: ClassVar = {
        "reflect": "nn.ReflectionPad2d",
        "replicate": "nn.ReplicationPad2d",
        "circular": "nn.CircularPad2d",
    }

    sides: Sides
    """Pixels on each side."""
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    """What is put there."""
    value: Finite = 0.0
    """The constant."""
    channels: Annotated[tuple[Size, Size], Words("a list of two integers of at least 0, [before, after]")] = (0, 0)
    """Channels of the constant, [before, after]: the shortcut of option A (He et al. 2015) adds some after."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode != "constant" and self.value != 0:
            raise ValueError(f"`mode={self.mode}` takes its values from the plane; leave out `value`")
        if self.mode != "constant" and any(self.channels):
            raise ValueError(f"`mode={self.mode}` pads the plane; channels can only be added with `mode=constant`")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0])
        top, bottom, left, right = self.sides
        spare = {"reflect": 1, "circular": 0}.get(self.mode)
        if spare is not None and (max(top, bottom) > height - spare or max(left, right) > width - spare):
            raise OpError(
                f"`mode={self.mode}` can pad a {height}x{width} plane by at most {height - spare}x{width - spare}, "
                f"not {shown(self.sides)}",
                at="sides",
                help="pad less, or `mode=replicate`",
            )
        return bounded(self.name, (sum(self.channels) + channels, top + height + bottom, left + width + right))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if any(self.channels):
            around = (*reversed_sides(self.sides), *self.channels)
            return Torch(
                Call("nn.ConstantPad3d", (around, self.value)) if self.value else Call("nn.ZeroPad3d", (around,))
            )
        sides = self.sides[0] if len(set(self.sides)) == 1 else reversed_sides(self.sides)
        if self.mode != "constant":
            return Torch(Call(self.modules[self.mode], (sides,)))
        if self.value == 0:
            return Torch(Call("nn.ZeroPad2d", (sides,)))
        return Torch(Call("nn.ConstantPad2d", (sides, self.value)))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return Window(pad=(self.sides[0], self.sides[2]))
