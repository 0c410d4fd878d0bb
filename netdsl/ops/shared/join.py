"""What `add`, `mul`, `max` and `mean` share: branches joined element by element, under one rule of broadcasting."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from netdsl.ops.shared.base import Family, Operator, Torch
from netdsl.ops.shared.checks import described, listed
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError


class Elementwise(Operator):
    """Branches joined element by element.

    They have one shape. A dimension of 1 is spread over the others' (Cx1x1, 1xHxW, 1x1x1, one feature), and N features
    beside maps are Nx1x1.
    """

    family = Family.JOIN
    inputs = (2, None)
    followed_by = ("act",)
    symmetric = True
    sign: ClassVar[str] = ""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        found = spread(inputs)
        if found is not None:
            return found
        full, other = next((one, each) for one in inputs for each in inputs if spread((one, each)) is None)
        full, other = (other, full) if len(other) > len(full) else (full, other)
        raise OpError(
            f"the branches of '{self.name}' have different shapes: {listed(tuple(dict.fromkeys(inputs)))}",
            code="E0302",
            help=_way_out(full, other),
        )

    def terms(self, inputs: tuple[Shape, ...]) -> list[str]:
        """The inputs in a template, features as maps where there are maps beside them."""
        rank = max(map(len, inputs)) - 1
        pointed = "[:, :" + ", None" * rank + "]"
        return [f"{{{index}}}{pointed if len(shape) == 1 and rank else ''}" for index, shape in enumerate(inputs)]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(expression=f" {self.sign} ".join(self.terms(inputs)))


def spread(shapes: tuple[Shape, ...]) -> Shape | None:
    """The shape that comes out where dimensions of 1 are spread; None where branches do not fit."""
    rank = max(map(len, shapes))
    if any(1 < len(shape) < rank for shape in shapes):
        return None
    found = []
    for sizes in zip(*(shape + (1,) * (rank - len(shape)) for shape in shapes), strict=True):
        wide = max(sizes)
        if any(size not in (1, wide) for size in sizes):
            return None
        found.append(wide)
    return tuple(found)


def between(shapes: tuple[Shape, ...]) -> int:
    """How many values there are on the way, where branches are joined one after the other."""
    return sum(prod(spread(shapes[:count]) or ()) for count in range(2, len(shapes)))


def _way_out(full: Shape, other: Shape) -> str:
    if len(full) != len(other) and len(other) > 1:
        return f"`reshape` or `flatten` one of them: {described(full)} against {described(other)}"
    if full[1:] == other[1:] or len(other) == 1:
        return f"let each branch end with the same channels, {full[0]} or {other[0]}"
    if full[0] == other[0]:
        return "give the branches the same strides and padding, so that their planes agree"
    return "give the branches the same channels and the same strides"
