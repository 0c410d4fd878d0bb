"""`add`: the sum of branches."""

from __future__ import annotations

from netdsl.ops.shared.join import Elementwise


class Add(Elementwise):
    """The sum of the branches, element by element; all have one shape, or Cx1x1, which is broadcast over the plane.

    Source: the shortcut of He et al., Deep Residual Learning, 2015, eq. 1. PyTorch: `+`.
    """

    sign = "+"
    symbol = "+"
