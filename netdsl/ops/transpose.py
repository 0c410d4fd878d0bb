"""`transpose`: channels and positions change places."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window
from netdsl.ops.shared.checks import plane
from netdsl.shapes import Shape

TRANSPOSE = '''class Transpose(nn.Module):
    """Channels and positions change places: N x C x T to N x T x C."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)
'''


class Transpose(Operator):
    """Transpose: C x T becomes T x C. What then goes over channels goes over the tokens.

    Source: the token mixing of Tolstikhin et al., MLP-Mixer, 2021, section 2. PyTorch: `Tensor.transpose`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    example_input = "64x49"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, length = plane(self.name, inputs[0], 1)
        return length, channels

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("Transpose"), definitions=(TRANSPOSE,))

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
