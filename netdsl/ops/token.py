"""`token`: one token of a sequence."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Words
from netdsl.shapes import LARGEST, Shape
from netdsl.text.diagnostics import OpError

TOKEN = '''class Token(nn.Module):
    """One token of a sequence N x C x T, as N x C features."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, self.index]
'''


class Token(Operator):
    """One token: `token(0)` is the first, as C features, `token(-1)` the last: C x T to C.

    Source: the class token of Devlin et al., BERT, 2019, figure 1. PyTorch: `x[:, :, i]`.
    """

    family = Family.REARRANGEMENT
    called = "token {index}"
    keeps = Saved()
    example = "token(0)"
    example_input = "64x49"

    index: Annotated[int, Field(ge=-LARGEST, le=LARGEST, strict=True), Words("an integer")]
    """Which token, counted from 0, or from the end where it is negative."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, length = plane(self.name, inputs[0], 1)
        if not -length <= self.index < length:
            raise OpError(
                f"there is no token {self.index} among {length}",
                at="index",
                help=f"they are 0 to {length - 1}, and from the end -1 to -{length}",
            )
        return (channels,)

    @property
    def view(self) -> bool:
        return True

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("Token", (self.index,)), definitions=(TOKEN,))
