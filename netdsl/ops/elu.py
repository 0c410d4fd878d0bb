"""`elu`: exponential linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Finite


class Elu(Activation):
    """Exponential linear unit: x where x > 0, alpha * (exp(x) - 1) elsewhere.

    Source: Clevert, Unterthiner, Hochreiter, 2016. PyTorch: `nn.ELU`.
    """

    module = "nn.ELU"

    alpha: Finite = 1.0
    """The value far below zero is -alpha."""
