"""`mul`: the product of branches."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Saved
from netdsl.ops.shared.join import Elementwise, between
from netdsl.shapes import Shape


class Mul(Elementwise):
    """The product of the branches, element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.

    Source: the channel weights of Hu et al., Squeeze-and-Excitation Networks, 2018, eq. 4. PyTorch: `*`.
    """

    sign = "*"
    symbol = "×"
    example = "mul { identity | gap; conv1-64; sigmoid }"

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """All factors, and the products on the way. The gradient of a factor that is spread is a product of the whole
        size, before it is summed."""
        whole = prod(self.shape(inputs))
        passing = whole * any(prod(each) < whole for each in inputs)
        return Saved(tuple(range(len(inputs))), own=between(inputs), passing=passing)
