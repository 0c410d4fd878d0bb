"""`fc`: fully connected layer."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Operator, Torch, Weight, Window
from netdsl.ops.shared.checks import vector
from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import BiasInitial, Initial, statements
from netdsl.shapes import Shape


class Fc(Operator):
    """Fully connected layer: `fc-4096` has 4096 units, each of which sees every input.

    N features give `features`; a CxHxW input is flattened first, channel by channel.

    PyTorch: `nn.Linear`.
    """

    family = Family.FULLY_CONNECTED
    geometry = Geometry(out="features")
    aliases = ("linear", "dense", "fully connected", "fully-connected")
    followed_by = ("norm", "act")
    weight_layer = True
    flattens = True

    features: Count
    """Number of units."""
    bias: Flag = True
    """Add a learned bias for each unit."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bias_init is not None and not self.bias:
            raise ValueError("`bias_init` needs `bias=true`")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        vector(self.name, inputs[0])
        return (self.features,)

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        found = {"weight": Weight((self.features, inputs[0][0]), not self.frozen)}
        if self.bias:
            found["bias"] = Weight((self.features,), not self.frozen)
        return found

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return self.features * inputs[0][0]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.bias else {"bias": False}
        call = Call("nn.Linear", (inputs[0][0], self.features), kwargs)
        return Torch(call, init=statements(self.init, bias=self.bias_init), frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"init": None, "bias_init": None})
