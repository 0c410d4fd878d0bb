"""`slice`: some of the channels."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import described
from netdsl.ops.shared.fields import Count, Size
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

SLICE = '''class Slice(nn.Module):
    """The channels from `start` to before `stop`, or to the end."""

    def __init__(self, start: int, stop: int | None = None) -> None:
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.start : self.stop]
'''


class Slice(Operator):
    """Some of the channels: `slice(0, 32)` is the first 32, `slice(32)` all from the 33rd on.

    Channels count from 0; `to` is the first that is left out. C x H x W gives (to - from) x H x W; features likewise.
    The first half is `slice(0, channels/2)`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    example = "slice(0, 32)"

    from_: Size = Field(0, alias="from")
    """The first channel, counted from 0."""
    to: Count | None = None
    """The first channel left out; none: all to the end."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            raise ValueError(f"`to` (={self.to}) must be greater than `from` (={self.from_})")
        return self

    def stop(self, channels: int) -> int:
        """The first channel left out of so many."""
        return channels if self.to is None else self.to

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *rest = inputs[0]
        if self.from_ >= channels:
            raise OpError(
                f"`from` (={self.from_}) is beyond the input, {described(inputs[0])}; the last is {channels - 1}",
                at="from",
            )
        if self.stop(channels) > channels:
            raise OpError(
                f"`to` (={self.to}) is beyond the {channels} channels of the input", at="to", help=f"at most {channels}"
            )
        return (self.stop(channels) - self.from_, *rest)

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        ends = () if self.to is None else (self.to,)
        return Torch(Call("Slice", (self.from_, *ends)), definitions=(SLICE,))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"to": self.stop(inputs[0][0])})
