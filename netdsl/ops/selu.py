"""`selu`: scaled exponential linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Selu(Activation):
    """Scaled exponential linear unit: 1.0507 * (x if x > 0 else 1.67326 * (exp(x) - 1)).

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017. PyTorch: `nn.SELU`.
    """

    module = "nn.SELU"
