"""`sqrt`: the square root."""

from __future__ import annotations

from netdsl.ops.shared.activation import Activation


class Sqrt(Activation):
    """The square root, element by element: sqrt(x); of a negative number it is not a number.

    Source: The root that ends a power pooling: Sermanet, Chintala, LeCun, 2012, eq. 1. PyTorch: `torch.sqrt`.
    """

    module = "Sqrt"
    definition = '''class Sqrt(nn.Module):
    """The square root, element by element."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sqrt()
'''
