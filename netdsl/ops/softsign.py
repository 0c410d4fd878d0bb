"""`softsign`: a squashing function with slow ends."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved
from netdsl.shapes import Shape


class Softsign(Activation):
    """Softsign: x / (1 + |x|).

    Source: Bergstra et al., Quadratic Polynomials Learn Better Image Features, 2009. PyTorch: `nn.Softsign`.
    """

    module = "nn.Softsign"

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, and what it is divided by."""
        return Saved((0,), own=prod(inputs[0]))
