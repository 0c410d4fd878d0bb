"""`fc`: fully connected layer."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Saved, Torch, Window
from netdsl.ops.shared.checks import vector
from netdsl.ops.shared.fields import Count, Flag, Frozen
from netdsl.ops.shared.init import BiasInitial, Initial
from netdsl.ops.shared.linear import Linear
from netdsl.shapes import Shape


class Fc(Linear):
    """Fully connected layer: `fc-4096` has 4096 units, each of which sees every input.

    N features give `features`; a CxHxW input is flattened first, channel by channel.

    PyTorch: `nn.Linear`.
    """

    family = Family.FULLY_CONNECTED
    to_logits = True
    geometry = Geometry(out="features")
    aliases = ("linear", "dense", "fully connected", "fully-connected")
    flattens = True
    example_input = "512x7x7"

    features: Count
    """Number of units."""
    bias: Flag = True
    """Add a learned bias for each unit."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        vector(self.name, inputs[0])
        return (self.features,)

    def matrix(self, channels: int) -> tuple[Shape, int]:
        return (self.features, channels), self.features

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return self.features * inputs[0][0]

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, for the gradient of weights that are trained."""
        return Saved() if self.frozen else Saved((0,))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.bias else {"bias": False}
        call = Call("nn.Linear", (inputs[0][0], self.features), kwargs)
        return self.drawn(call)

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
