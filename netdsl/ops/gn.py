"""`gn`: group normalization."""

from __future__ import annotations

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight, Window
from netdsl.ops.shared.checks import divides
from netdsl.ops.shared.fields import Count, Epsilon, Flag, Frozen, present
from netdsl.ops.shared.norm import called, learned
from netdsl.shapes import Shape


class GroupNorm(Operator):
    """Group normalization: each group of channels, over the plane, to mean 0 and variance 1, then scale and offset.

    The shape stays. `gn(1)` normalizes over all channels and the plane.

    Source: Wu and He, Group Normalization, 2018. PyTorch: `nn.GroupNorm`.
    """

    family = Family.NORMALIZATION
    aliases = ("groupnorm", "group norm", "group-norm", "group normalization")
    example = "gn(32)"

    groups: Count
    """Number of groups; must divide the channels."""
    eps: Epsilon = 1e-5
    """Added to the variance."""
    scale: Flag = Field(True, exclude_if=present)
    """Learn a scale for each channel."""
    offset: Flag = Field(True, exclude_if=present)
    """Learn an offset for each channel."""
    frozen: Frozen = False

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        divides(self.groups, inputs[0][0], "channels")
        return inputs[0]

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return learned(inputs[0][0], self.scale, self.offset, not self.frozen)

    @property
    def weighted(self) -> bool:
        return self.scale or self.offset

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, with the mean and the deviation of each group."""
        return Saved((0,), own=2 * self.groups)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.eps == 1e-5 else {"eps": self.eps}
        function, more, definitions = called("GroupNorm", "Group normalization", self.scale, self.offset)
        call = Call(function, (self.groups, inputs[0][0]), {**kwargs, **more})
        return Torch(call, None, definitions, frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
