"""`step`: threshold unit."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Step(Activation):
    """Threshold unit: 1 where x >= 0, else 0. Its gradient is zero everywhere: nothing before it learns by descent.

    Source: Rosenblatt, The Perceptron, 1958 (the threshold itself is the bias of the layer before).
    """

    keeps = Saved()
    aliases = ("heaviside",)
    differentiable = False
    module = "Step"
    definition = '''class Step(nn.Module):
    """Threshold unit: 1 where x >= 0, else 0; its gradient is zero."""

    def forward(self, x: Tensor) -> Tensor:
        return (torch.sign(x) + 1).clamp(max=1)
'''
