"""`sigmoid`: logistic function."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Sigmoid(Activation):
    """Logistic function: 1 / (1 + exp(-x)).

    PyTorch: `nn.Sigmoid`.
    """

    keeps = Saved(output=True)
    aliases = ("logistic",)
    module = "nn.Sigmoid"
