"""`scale`: multiplication by a constant or by learned factors."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight
from netdsl.ops.shared.fields import Finite, Flag, Frozen, absent
from netdsl.shapes import Shape

CONSTANT = '''class Scale(nn.Module):
    """Multiplication by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
'''

AFFINE = '''class Affine(nn.Module):
    """Multiplication by a constant, and the addition of another."""

    def __init__(self, factor: float, shift: float) -> None:
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.shift
'''

LEARNED = '''class LayerScale(nn.Module):
    """Multiplication by a learned factor for each channel; `shape` is (C, 1, 1), or (C,) for features."""

    def __init__(self, shape: tuple[int, ...], value: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight
'''


class Scale(Operator):
    """Multiply: `scale(0.17)` by a constant, `scale()` by a learned factor for each channel. The shape stays.

    The learned factors are `weight`, of shape C x 1 x 1 for maps and C for features, and start at `init`.
    `scale(shared=true, init=0)` learns one factor for all channels (ReZero, Bachlechner et al., 2020, eq. 2).
    `scale(-1, shift=1)` is 1 - x: the reverse of a map of attention (Caffe's `Power`).

    Source: the residual scaling of Szegedy et al., Inception-v4, 2016, section 3.3; learned: LayerScale, Touvron et
    al., 2021; with a shift: Chen et al., Reverse Attention, 2018, eq. 1.
    """

    family = Family.REARRANGEMENT
    aliases = ("layerscale", "layer_scale", "layer scale")
    example = "scale()"

    x: Finite | None = None
    """The factor; none: learn one for each channel."""
    init: Finite = 1.0
    """What the learned factors start from."""
    frozen: Frozen = False
    bare: Flag = False
    """The learned factors are a parameter of the module around, by the label alone, as ConvNeXt's `layer_scale`."""
    shared: Flag = Field(False, exclude_if=absent)
    """Learn one factor for all channels."""
    shift: Finite | None = Field(None, exclude_if=absent)
    """What is added to the product with a constant factor."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = {"init": self.init != 1.0, "frozen": self.frozen, "bare": self.bare, "shared": self.shared}
        if self.x is not None and any(given.values()):
            raise ValueError(f"a constant factor learns nothing; leave out `{max(given, key=given.__getitem__)}`")
        if self.x is None and self.shift is not None:
            raise ValueError("`shift` goes with a constant factor; write `scale(1, shift=...)` to add a constant alone")
        return self

    @property
    def weighted(self) -> bool:
        return self.x is None

    def _factors(self, shape: Shape) -> Shape:
        return (1,) if self.shared else (shape[0], *(1 for _ in shape[1:]))

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        name = "" if self.bare else "weight"
        return {} if self.x is not None else {name: Weight(self._factors(inputs[0]), not self.frozen)}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input of a factor that is trained; a constant one needs nothing."""
        return Saved((0,)) if self.x is None and not self.frozen else Saved()

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.x is not None and self.shift is not None:
            return Torch(Call("Affine", (self.x, self.shift)), definitions=(AFFINE,))
        if self.x is not None:
            return Torch(Call("Scale", (self.x,)), definitions=(CONSTANT,))
        if self.bare:
            call = Call("torch.full", (self._factors(inputs[0]), self.init))
            return Torch(call, "{m} * {0}", frozen=self.frozen)
        kwargs: dict[str, Constant] = {} if self.init == 1.0 else {"value": self.init}
        return Torch(
            Call("LayerScale", (self._factors(inputs[0]),), kwargs), definitions=(LEARNED,), frozen=self.frozen
        )

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"init": 1.0})
