"""`exp`: the exponential function."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Exp(Activation):
    """The exponential function, element by element: exp(x).

    Source: The scale of a box from its logarithm: Ren et al., Faster R-CNN, 2015, eq. 2. PyTorch: `torch.exp`.
    """

    keeps = Saved(output=True)
    module = "Exp"
    definition = '''class Exp(nn.Module):
    """The exponential function, element by element."""

    def forward(self, x: Tensor) -> Tensor:
        return x.exp()
'''
