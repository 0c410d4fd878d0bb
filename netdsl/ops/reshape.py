"""`reshape`: the same values in another shape."""

from __future__ import annotations

from math import prod
from typing import Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window
from netdsl.ops.shared.checks import described, plane
from netdsl.ops.shared.fields import Dims, Reference, absent
from netdsl.shapes import Shape, numel, text
from netdsl.text.diagnostics import OpError

RESHAPE = '''class Reshape(nn.Module):
    """The values of each sample in another shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = list(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape([x.shape[0]] + self.shape)
'''


class Reshape(Operator):
    """Reshape: the same values in another shape, `reshape(128x7x7)`, or as features, `reshape(6272)`.

    Values keep their order: channel by channel, row by row. `reshape(like=@x)` keeps the channels and lays their values
    out in the plane of @x: tokens back to a map.

    PyTorch: `Tensor.reshape`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    example = "reshape(64x3136)"

    to: Dims | None = None
    """The output's shape."""
    like: Reference = Field(None, exclude_if=absent)
    """The value whose plane it takes; the channels stay."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.to is None) == (self.like is None):
            raise ValueError("say the shape, `reshape(128x7x7)`, or whose plane it takes, `reshape(like=@x)`")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.to is None:
            channels, *sizes = plane(self.name, inputs[0])
            _, *out = plane(self.name, inputs[1])
            if prod(sizes) != prod(out):
                raise OpError(
                    f"`like` names a plane of {text(tuple(out))}, {prod(out)} places; "
                    f"the input, {described(inputs[0])}, has {prod(sizes)}",
                    at="like",
                )
            return (channels, *out)
        if numel(inputs[0]) != numel(self.to):
            raise OpError(
                f"`to` (={text(self.to)}) has {numel(self.to)} values; "
                f"the input, {described(inputs[0])}, has {numel(inputs[0])}",
                at="to",
                help=_way_out(inputs[0], self.to),
            )
        return self.to

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.to is None:
            flat = "{0}" if len(inputs[0]) == 2 else "{0}.flatten(2)"
            return Torch(expression=f"{flat}.unflatten(2, {{1}}.shape[2:])")
        if len(self.to) == 1:
            return Torch(Call("nn.Flatten"))
        return Torch(Call("Reshape", self.to), definitions=(RESHAPE,))

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None if self.to is not None else super().window(inputs)


def _way_out(shape: Shape, to: Shape) -> str | None:
    pixels = numel(to[1:])
    if len(to) == 1:
        return f"`reshape({numel(shape)})` or `flatten`"
    return f"`reshape({text((numel(shape) // pixels, *to[1:]))})`" if numel(shape) % pixels == 0 else None
