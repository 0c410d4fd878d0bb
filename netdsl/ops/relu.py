"""`relu`: rectified linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Relu(Activation):
    """Rectified linear unit: max(x, 0).

    Source: Nair and Hinton, 2010. PyTorch: `nn.ReLU`.
    """

    module = "nn.ReLU"
