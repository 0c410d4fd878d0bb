"""`hardsigmoid`: hard sigmoid."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Hardsigmoid(Activation):
    """Hard sigmoid: relu6(x + 3) / 6.

    Source: Howard et al., Searching for MobileNetV3, 2019, section 5.2. PyTorch: `nn.Hardsigmoid`.
    """

    aliases = ("hard-sigmoid", "h-sigmoid", "hsigmoid")
    module = "nn.Hardsigmoid"
