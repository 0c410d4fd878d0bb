"""`softplus`: smooth rectifier."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Finite, Positive


class Softplus(Activation):
    """Smooth rectifier: log(1 + exp(beta * x)) / beta, and x itself where beta * x is above the threshold.

    Source: Glorot, Bordes, Bengio, 2011. PyTorch: `nn.Softplus`.
    """

    module = "nn.Softplus"

    beta: Positive = 1.0
    """Sharpness of the bend."""
    threshold: Finite = 20.0
    """From where on it is the identity, for numerical stability."""
