"""`mish`: Mish."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Mish(Activation):
    """Mish: x * tanh(softplus(x)).

    Source: Misra, 2019. PyTorch: `nn.Mish`.
    """

    module = "nn.Mish"
