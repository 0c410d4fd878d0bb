"""`add`: the sum of branches."""

from __future__ import annotations

from netdsl.ops.shared.base import Saved
from netdsl.ops.shared.join import Elementwise


class Add(Elementwise):
    """The sum of the branches, element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.

    Source: the shortcut of He et al., Deep Residual Learning, 2015, eq. 1. PyTorch: `+`.
    """

    keeps = Saved()
    sums = True
    sign = "+"
    symbol = "+"
    example = "add { conv3-64 | identity }"
