"""`softmax`: scores to probabilities."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Call, Saved, Torch
from netdsl.ops.shared.checks import divides
from netdsl.ops.shared.fields import Count, absent
from netdsl.shapes import Shape

ACROSS = '''class GroupSoftmax(nn.Module):
    """Softmax across groups of channels: the first channels of all groups sum to one, the second, and so on."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, [self.groups, -1]).softmax(1).flatten(1, 2)
'''


class Softmax(Activation):
    """Softmax over the channels (or features): exp(x_i) / sum_j exp(x_j).

    `softmax(across=2)` is over two groups of channels: channel i of the first and of the second sum to one (the choice
    between branches in SK and ResNeSt).

    PyTorch: `nn.Softmax(dim=1)`.
    """

    keeps = Saved(output=True)
    aliases = ("soft-max", "soft max")

    across: Count | None = Field(None, exclude_if=absent)
    """Over so many groups of channels; none: over all channels."""

    @property
    def to_probabilities(self) -> bool:  # type: ignore[override]
        """Whether it turns all channels into probabilities; groups of channels are weights in a network."""
        return self.across is None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.across is not None:
            divides(self.across, inputs[0][0], "channels", at="across")
        return inputs[0]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.across is not None:
            return Torch(Call("GroupSoftmax", (self.across,)), definitions=(ACROSS,))
        return Torch(Call("nn.Softmax", kwargs={"dim": 1}))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"across": None}) if self.across == inputs[0][0] else self
