"""`matmul`: the matrix product of two branches."""

from __future__ import annotations

from netdsl.ops.shared.base import Family, Operator, Saved, Torch, Window
from netdsl.ops.shared.checks import bounded, listed, plane
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class MatMul(Operator):
    """The matrix product of two branches: m x k times k x n is m x n, y_ij = sum_l a_il * b_lj.

    Each is a map C x T, that is T tokens of C features. Scaled by hand, it is attention written out: `matmul { @v |
    matmul { @k; transpose | @q }; softmax }`, where the softmax over channels is over the keys. It counts m*k*n
    multiply-adds.

    Source: Wang et al., Non-local Neural Networks, 2018, figure 2. PyTorch: `@`.
    """

    family = Family.JOIN
    inputs = (2, 2)
    followed_by = ("act",)
    symbol = "×"
    example = "matmul { identity | transpose }"
    example_input = "64x49"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        (rows, middle), (same, columns) = (plane(self.name, shape, 1) for shape in inputs)
        if middle != same:
            raise OpError(
                f"the branches of 'matmul' do not fit: {listed(inputs)}; {middle} columns meet {same} rows",
                code="E0302",
                help="`transpose` one of them" if middle in (same, columns) or rows == same else None,
            )
        return bounded(self.name, (rows, columns))

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return inputs[0][0] * inputs[0][1] * inputs[1][1]

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """All factors."""
        return Saved(tuple(range(len(inputs))))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(expression="{0} @ {1}")

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        return None
