"""`positions`: a table of positions, added to a sequence."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Saved, Torch, Weight
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Frozen
from netdsl.ops.shared.init import Initial
from netdsl.ops.shared.learned import Learned
from netdsl.shapes import Shape

SINE = '''class SinePositions(nn.Module):
    """Sines and cosines of the position, added to a sequence N x C x T: channels 2i and 2i + 1 have the wavelength
    2 * pi * 10000^(2i / C)."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        rates = 10000.0 ** (-torch.arange(0, channels, 2) / channels)
        angles = rates[:, None] * torch.arange(length)
        table = torch.stack([angles.sin(), angles.cos()], 1).flatten(0, 1)[:channels]
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table
'''


class Positions(Learned):
    """A learned table of positions, added: C x T stays. With `kind=sine` it is fixed and not learned.

    The learned table is a parameter of the module around, 1 x T x C, under its label, else as `positions`; so it cannot
    be used again. It starts as normal with std 0.02, unless `init` says otherwise. `sine` is sin(t / 10000^(2i/C)) in
    channel 2i and the cosine in channel 2i + 1.

    Source: Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, eq. 1; Vaswani et al., Attention Is All You Need,
    2017, section 3.5, for the sines.
    """

    keeps = Saved()
    called = "position embedding"
    aliases = ("position embedding", "positional encoding", "pos_embed")
    example_input = "64x49"

    kind: Literal["learned", "sine"] = "learned"
    """learned, or sine for a fixed table."""
    frozen: Frozen = False
    init: Initial = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "sine" and (self.frozen or self.init is not None):
            raise ValueError("`kind=sine` learns nothing; leave out `frozen` and `init`")
        return self

    @property
    def weighted(self) -> bool:
        return self.kind == "learned"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return plane(self.name, inputs[0], 1)

    def tensor(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, length = inputs[0]
        return 1, length, channels

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return super().weights(inputs) if self.kind == "learned" else {}

    def built(self, inputs: tuple[Shape, ...]) -> tuple[Any, ...]:
        return (self.tensor(inputs),)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.kind == "sine":
            return Torch(Call("SinePositions", inputs[0]), definitions=(SINE,))
        return self.held(inputs, "{0} + {m}.transpose(1, 2)")
