"""`hardswish`: hard swish."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Hardswish(Activation):
    """Hard swish: x * relu6(x + 3) / 6.

    Source: Howard et al., Searching for MobileNetV3, 2019, section 5.2. PyTorch: `nn.Hardswish`.
    """

    aliases = ("hard-swish", "h-swish", "hswish")
    module = "nn.Hardswish"
