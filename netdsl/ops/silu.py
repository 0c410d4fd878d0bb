"""`silu`: sigmoid linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Silu(Activation):
    """Sigmoid linear unit, also called swish: x * sigmoid(x).

    Source: Hendrycks and Gimpel, 2016; Ramachandran et al., 2017. PyTorch: `nn.SiLU`.
    """

    aliases = ("swish",)
    module = "nn.SiLU"
