"""`tanh`: hyperbolic tangent."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Tanh(Activation):
    """Hyperbolic tangent: tanh(x).

    PyTorch: `nn.Tanh`.
    """

    module = "nn.Tanh"
