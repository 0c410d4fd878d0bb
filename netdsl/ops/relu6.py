"""`relu6`: rectified linear unit up to 6."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Relu6(Activation):
    """Rectified linear unit with a ceiling: min(max(x, 0), 6).

    Source: Krizhevsky 2010; Howard et al., MobileNets, 2017. PyTorch: `nn.ReLU6`.
    """

    module = "nn.ReLU6"
