"""`leakyrelu`: rectified linear unit that leaks."""

from __future__ import annotations

from typing import ClassVar

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.fields import Finite


class LeakyRelu(Activation):
    """Leaky rectified linear unit: x where x > 0, slope * x elsewhere.

    Source: Maas, Hannun, Ng, 2013. PyTorch: `nn.LeakyReLU`.
    """

    aliases = ("leaky relu", "leaky-relu", "lrelu")
    module = "nn.LeakyReLU"
    keywords: ClassVar = {"slope": "negative_slope"}

    slope: Finite = 0.01
    """Slope below zero."""
