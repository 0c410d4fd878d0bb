"""`identity`: the value itself."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.shapes import Shape


class Identity(Operator):
    """The value as it is: the branch of a join that does nothing.

    PyTorch: `nn.Identity`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    any_channels = True
    transparent = True

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.Identity"))
