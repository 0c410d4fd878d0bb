"""`pad`: rows and columns around the plane."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Finite, Sides, Size, Words
from netdsl.ops.shared.padding import doubled, pairs, reversed_sides, shown, shown_sides, single
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

CHANNELS = '''class ChannelPad(nn.Module):
    """Constant planes around a clip, and constant channels before and after: PyTorch pads three dimensions at most."""

    def __init__(self, padding: tuple[int, int, int, int, int, int, int, int], value: float = 0.0):
        super().__init__()
        self.padding, self.value = list(padding), value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pad(x, self.padding, value=self.value)
'''


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
    modules: ClassVar = {"reflect": "nn.ReflectionPad", "replicate": "nn.ReplicationPad", "circular": "nn.CircularPad"}

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
        channels, *sizes = plane(self.name, inputs[0])
        spare = {"reflect": 1, "circular": 0}.get(self.mode)
        if spare is not None:
            most = tuple(n - spare for n in sizes)
            if any(side > m for side, m in zip(self.sides, doubled(most), strict=True)):
                raise OpError(
                    f"`mode={self.mode}` can pad a {shown(tuple(sizes))} plane by at most {shown(most)}, "
                    f"not {shown_sides(self.sides)}",
                    at="sides",
                    help="pad less, or `mode=replicate`",
                )
        out = (before + n + after for n, (before, after) in zip(sizes, pairs(self.sides), strict=True))
        return bounded(self.name, (sum(self.channels) + channels, *out))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        around: int | tuple[int, ...] = (*reversed_sides(self.sides), *self.channels)
        if not any(self.channels):
            around = single(reversed_sides(self.sides))
        elif rank == 3:
            return Torch(Call("ChannelPad", (around, self.value)), definitions=(CHANNELS,))
        else:
            rank += 1  # channels are one more dimension
        if self.mode != "constant":
            return Torch(Call(f"{self.modules[self.mode]}{rank}d", (around,)))
        if self.value == 0:
            return Torch(Call(f"nn.ZeroPad{rank}d", (around,)))
        return Torch(Call(f"nn.ConstantPad{rank}d", (around, self.value)))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return window(len(inputs[0]) - 1, pad=self.sides[::2])
