"""`mean`: the mean of branches."""

from __future__ import annotations

from netdsl.ops.shared.base import Saved, Torch
from netdsl.ops.shared.join import Elementwise
from netdsl.shapes import Shape


class Mean(Elementwise):
    """The mean of the branches, element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.

    Source: the averaging of columns of Ciresan et al., Multi-column Deep Neural Networks, 2012, figure 1c. PyTorch: `+`
    and `/`.
    """

    keeps = Saved()
    symbol = "mean"
    example = "mean { conv3-64 | conv5-64 }"

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(expression=f"({' + '.join(self.terms(inputs))}) / {len(inputs)}")
