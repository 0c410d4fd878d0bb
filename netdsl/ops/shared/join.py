"""What `add` and `mul` share: branches of one shape, element by element."""

from __future__ import annotations

from typing import ClassVar

from netdsl.ops.shared.base import Family, Operator, Torch
from netdsl.ops.shared.checks import described, listed
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class Elementwise(Operator):
    """Branches joined element by element by the operator `sign`; Cx1x1 is broadcast over the plane of the others."""

    family = Family.JOIN
    inputs = (2, None)
    followed_by = ("act",)
    sign: ClassVar[str]

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        full = next((shape for shape in inputs if len(shape) == 3 and shape[1:] != (1, 1)), inputs[0])
        spread = {full, (full[0], 1, 1)} if len(full) == 3 else {full}
        if spread.issuperset(inputs):
            return full
        raise OpError(
            f"the branches of '{self.name}' have different shapes: {listed(tuple(dict.fromkeys(inputs)))}",
            code="E0302",
            help=_way_out(full, next(shape for shape in inputs if shape not in spread)),
        )

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(expression=f" {self.sign} ".join(f"{{{index}}}" for index in range(len(inputs))))


def _way_out(full: Shape, other: Shape) -> str:
    if len(full) != len(other):
        return f"`reshape` or `flatten` one of them: {described(full)} against {described(other)}"
    if full[1:] == other[1:]:
        return f"let each branch end with the same channels, {full[0]} or {other[0]}"
    if full[0] == other[0]:
        return "give the branches the same strides and padding, so that their planes agree"
    return "give the branches the same channels and the same strides"
