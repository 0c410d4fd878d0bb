"""`sqrt`: the square root."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation
from netdsl.ops.shared.base import Saved


class Sqrt(Activation):
    """The square root, element by element: sqrt(x); of a negative number it is not a number.

    Source: The root that ends a power pooling: Sermanet, Chintala, LeCun, 2012, eq. 1. PyTorch: `torch.sqrt`.
    """

    keeps = Saved(output=True)
    module = "Sqrt"
    definition = '''class Sqrt(nn.Module):
    """The square root, element by element."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sqrt()
'''
