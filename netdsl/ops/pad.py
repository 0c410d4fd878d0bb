"""`pad`: rows and columns around the plane."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane, same_rank
from netdsl.ops.shared.definition import definition, each, suffix
from netdsl.ops.shared.fields import Finite, Reference, Sides, Size, Words, absent
from netdsl.ops.shared.padding import doubled, pairs, reversed_sides, shown, shown_sides, single
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import OpError

CHANNELS = '''class ChannelPad(nn.Module):
    """Constant planes around a clip, and constant channels before and after: PyTorch pads three dimensions at most."""

    def __init__(self, padding: tuple[int, int, int, int, int, int, int, int], value: float = 0.0) -> None:
        super().__init__()
        self.padding, self.value = list(padding), value

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding, value=self.value)
'''


LIKE = '''class PadLike{suffix}(nn.Module):
    """Padding to the size of the plane of `like`, the same on both sides; {odd}."""

    def __init__(self, mode: str = "constant", value: float = 0.0) -> None:
        super().__init__()
        self.mode, self.value = mode, value

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        {names} = {lacking}
        return F.pad(x, [{halves}], self.mode, self.value)
'''


class Pad(Operator):
    """Padding as a layer of its own: C x H x W to C x (top + H + bottom) x (left + W + right).

    `pad(1)` is one row or column of zeros on each side, `pad(1x0)` height x width, `pad([0, 1, 0, 1])` top, bottom,
    left, right; `pad(like=@x)` pads to the plane of @x. `mode=reflect` mirrors without repeating the border,
    `replicate` repeats it, `circular` goes round.
    `channels=[0, 64]` adds 64 channels of the constant at the end.

    PyTorch: `nn.ZeroPad2d`, `nn.ConstantPad2d`, `nn.ReflectionPad2d`, `nn.ReplicationPad2d`, `nn.CircularPad2d`; with
    channels `nn.ZeroPad3d`, `nn.ConstantPad3d`.
    """

    family = Family.REARRANGEMENT
    aliases = ("zeropad", "zero pad", "zero-pad")
    example = "pad(1)"
    modules: ClassVar = {"reflect": "nn.ReflectionPad", "replicate": "nn.ReplicationPad", "circular": "nn.CircularPad"}

    sides: Sides | None = None
    """Pixels on each side."""
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    """What is put there."""
    value: Finite = 0.0
    """The constant."""
    channels: Annotated[tuple[Size, Size], Words("a list of two integers of at least 0, [before, after]")] = (0, 0)
    """Channels of the constant, [before, after]: the shortcut of option A (He et al. 2015) adds some after."""
    like: Reference = Field(None, exclude_if=absent)
    """The value whose plane's size it pads to, the same on both sides; an odd pixel goes below and right."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.sides is None) == (self.like is None):
            raise ValueError("say either how much to add or what is to come out; write `pad(1)` or `pad(like=@x)`")
        if self.like is not None and any(self.channels):
            raise ValueError("`like` pads the plane; leave out `channels`")
        if self.mode != "constant" and self.value != 0:
            raise ValueError(f"`mode={self.mode}` takes its values from the plane; leave out `value`")
        if self.mode != "constant" and any(self.channels):
            raise ValueError(f"`mode={self.mode}` pads the plane; channels can only be added with `mode=constant`")
        return self

    def around(self, inputs: tuple[Shape, ...]) -> tuple[int, ...]:
        """[top, bottom, left, right] for these inputs."""
        if self.sides is not None:
            return self.sides
        more = tuple(m - n for m, n in zip(same_rank(self.name, inputs), inputs[0][1:], strict=True))
        if any(each < 0 for each in more):
            raise OpError(
                f"`like` names {text(inputs[1])}, which is smaller than the input {text(inputs[0])}",
                at="like",
                help="`crop(like=...)` takes away",
            )
        return tuple(side for each in more for side in (each // 2, each - each // 2))

    def reaching(self, into: int, out: int) -> dict[str, Any]:
        return {"channels": (0, out - into)}

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        sides = self.around(inputs)
        spare = {"reflect": 1, "circular": 0}.get(self.mode)
        if spare is not None:
            most = tuple(n - spare for n in sizes)
            if any(side > m for side, m in zip(sides, doubled(most), strict=True)):
                raise OpError(
                    f"`mode={self.mode}` can pad a {shown(tuple(sizes))} plane by at most {shown(most)}, "
                    f"not {shown_sides(sides)}",
                    at="sides" if self.like is None else "like",
                    help="pad less, or `mode=replicate`",
                )
        out = (before + n + after for n, (before, after) in zip(sizes, pairs(sides), strict=True))
        return bounded(self.name, (sum(self.channels) + channels, *out))

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """Nothing; PyTorch's own of `reflect` and `replicate` keep their input."""
        return Saved((0,)) if self.mode in ("reflect", "replicate") else Saved()

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        if self.like is not None:
            kwargs: dict[str, Constant] = {} if self.mode == "constant" else {"mode": self.mode}
            if self.value:
                kwargs["value"] = self.value
            lacking = each("like.shape[{place}] - x.shape[{place}]", rank)
            return Torch(
                Call(f"PadLike{suffix(rank)}", (), kwargs), definitions=(definition(LIKE, rank, lacking=lacking),)
            )
        sides = self.around(inputs)
        around: int | tuple[int, ...] = (*reversed_sides(sides), *self.channels)
        if not any(self.channels):
            around = single(reversed_sides(sides))
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
        return window(len(inputs[0]) - 1, pad=self.around(inputs)[::2])
