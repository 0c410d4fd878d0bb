"""`mul`: the product of branches."""

from __future__ import annotations

from netdsl.ops.shared.join import Elementwise


class Mul(Elementwise):
    """The product of the branches, element by element; all have one shape, or Cx1x1, which is broadcast over the plane.

    Source: the channel weights of Hu et al., Squeeze-and-Excitation Networks, 2018, eq. 4. PyTorch: `*`.
    """

    sign = "*"
    symbol = "×"
