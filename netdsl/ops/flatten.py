"""`flatten`: a feature map as one vector."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import flattened
from netdsl.shapes import Shape


class Flatten(Operator):
    """Flatten: C x H x W becomes C*H*W features, channel by channel, row by row. A vector stays as it is.

    PyTorch: `nn.Flatten`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    any_channels = True

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (flattened(self.name, inputs[0]),)

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("nn.Flatten"), function=Call("torch.flatten", (1,)))
