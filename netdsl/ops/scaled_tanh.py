"""`scaled_tanh`: LeNet-5's squashing function."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved
from netdsl.ops.shared.fields import Finite
from netdsl.shapes import Shape


class ScaledTanh(Activation):
    """Scaled hyperbolic tangent: amplitude * tanh(slope * x); with the defaults f(1) = 1 and f(-1) = -1.

    Source: LeCun, Bottou, Bengio, Haffner, 1998, eq. 6 and appendix A.
    """

    aliases = ("scaled tanh", "scaled-tanh", "lecun_tanh")
    module = "ScaledTanh"
    definition = '''class ScaledTanh(nn.Module):
    """The squashing function of LeNet-5: amplitude * tanh(slope * x)."""

    def __init__(self, amplitude: float = 1.7159, slope: float = 2 / 3) -> None:
        super().__init__()
        self.amplitude, self.slope = amplitude, slope

    def forward(self, x: Tensor) -> Tensor:
        return self.amplitude * torch.tanh(self.slope * x)
'''

    amplitude: Finite = 1.7159
    """The value far above zero."""
    slope: Finite = 2 / 3
    """Factor of the argument."""

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """As much as the output, before its last step."""
        return Saved(own=prod(inputs[0]))
