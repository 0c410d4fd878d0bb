"""The receptive field: how much of the input one value of a feature map sees.

Along one axis, with r the field, j the distance of neighbours in input pixels (Araujo et al., Distill 2019, equations
1 and 2): `r' = r + (extent - 1) * j`, `j' = j * stride`. Where paths of different reach meet, the largest field
counts. The padding is not cut off: the field can be larger than the input. A layer that enlarges the plane divides the
distance.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import NamedTuple

from netdsl.ir import Network
from netdsl.shapes import extent


class Field(NamedTuple):
    """Field and distance along (height, width). `whole` is True where a value sees all of the input."""

    size: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    jump: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    whole: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """The field in whole pixels, height x width."""
        return ceil(self.size[0]), ceil(self.size[1])


def receptive_fields(network: Network) -> tuple[Field | None, ...]:
    """The receptive field of every value, by number; None where a shape is unknown."""
    found: list[Field | None] = [Field()] * len(network.inputs)
    for node in network.nodes:
        shapes = network.input_shapes(node)
        before = [found[value] for value in node.inputs]
        if shapes is None or node.shape is None or not before or any(field is None for field in before):
            found.append(None)
            continue
        known = [field for field in before if field is not None]
        field = Field(
            (max(f.size[0] for f in known), max(f.size[1] for f in known)),
            (max(f.jump[0] for f in known), max(f.jump[1] for f in known)),
            any(f.whole for f in known),
        )
        window = node.op.window(shapes)
        if window is None or len(node.shape) == 1:
            found.append(field._replace(whole=True))
            continue
        size, jump = zip(
            *(
                (
                    field.size[axis]
                    + (extent(window.kernel[axis], window.dilation[axis]) - 1)
                    * field.jump[axis]
                    / window.upscale[axis],
                    field.jump[axis] / window.upscale[axis] * window.stride[axis],
                )
                for axis in (0, 1)
            ),
            strict=True,
        )
        found.append(Field(size, jump, field.whole))
    return tuple(found)
