"""`tokens`: a map as a sequence."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import bounded, plane
from netdsl.shapes import Shape


class Tokens(Operator):
    """Tokens: a map of any rank as a sequence, C x H x W to C x T with T = H*W, row by row.

    `reshape(like=@x)` goes back to the plane of @x.

    Source: the patches of Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, section 3.1. PyTorch:
    `nn.Flatten(2)`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        return bounded(self.name, (channels, prod(sizes)))

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.Flatten", (2,)), function=Call("torch.flatten", (2,)))
