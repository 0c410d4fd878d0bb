"""`sigmoid`: logistic function."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Sigmoid(Activation):
    """Logistic function: 1 / (1 + exp(-x)).

    PyTorch: `nn.Sigmoid`.
    """

    aliases = ("logistic",)
    module = "nn.Sigmoid"
