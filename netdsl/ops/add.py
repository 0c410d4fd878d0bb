"""`add`: the sum of branches."""

from __future__ import annotations

from netdsl.ops.shared.base import Saved
from netdsl.ops.shared.join import Elementwise
from netdsl.shapes import Shape


class Add(Elementwise):
    """The sum of the branches, element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.

    Source: the shortcut of He et al., Deep Residual Learning, 2015, eq. 1. PyTorch: `+`.
    """

    sums = True
    sign = "+"
    symbol = "+"
    example = "add { conv3-64 | identity }"

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """Nothing; the gradient of a branch that is spread is a sum, that of the others the output's own."""
        return Saved(handed=len(set(inputs)) == 1)
