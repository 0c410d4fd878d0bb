"""`relu`: rectified linear unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Relu(Activation):
    """Rectified linear unit: max(x, 0).

    Source: Nair and Hinton, 2010. PyTorch: `nn.ReLU`.
    """

    keeps = Saved(output=True)
    module = "nn.ReLU"
