"""`tanh`: hyperbolic tangent."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Tanh(Activation):
    """Hyperbolic tangent: tanh(x).

    PyTorch: `nn.Tanh`.
    """

    keeps = Saved(output=True)
    module = "nn.Tanh"
