"""`celu`: continuously differentiable exponential linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Positive


class Celu(Activation):
    """Continuously differentiable exponential linear unit: max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    Source: Barron, 2017. PyTorch: `nn.CELU`.
    """

    module = "nn.CELU"

    alpha: Positive = 1.0
    """The value far below zero is -alpha."""
