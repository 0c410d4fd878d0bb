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

from netdsl import ops
from netdsl.ir import Network
from netdsl.ops import Window
from netdsl.shapes import extent


class Field(NamedTuple):
    """Field and distance along each dimension of the input. `whole` is True where a value sees all of the input."""

    size: tuple[Fraction, ...]
    jump: tuple[Fraction, ...]
    whole: bool = False

    @property
    def pixels(self) -> tuple[int, ...]:
        """The field in whole pixels, height x width."""
        return tuple(map(ceil, self.size))


def pixel(rank: int) -> Field:
    """The field of an input of `rank` dimensions."""
    one = (Fraction(1),) * rank
    return Field(one, one)


def receptive_fields(network: Network) -> tuple[Field | None, ...]:
    """The receptive field of every value, by number; None where a shape is unknown."""
    found: list[Field | None] = [pixel(len(item.shape) - 1) for item in network.inputs]
    for node in network.nodes:
        shapes = network.input_shapes(node)
        before = [found[value] for value in node.inputs]
        known = [field for field in before if field is not None]
        if shapes is None or node.shape is None or len(known) < len(before):
            found.append(None)
        elif node.op.constant:  # it sees nothing
            found.append(pixel(len(node.shape) - 1))
        else:
            window = node.op.window(shapes) if len(node.shape) > 1 else None
            found.append(_behind(_widest(known), window))
    return tuple(found)


def _widest(fields: list[Field]) -> Field:
    """The largest field and distance where paths meet; features, and maps of fewer dimensions, count as they are."""
    rank = max(len(field.size) for field in fields)
    alike = [field for field in fields if len(field.size) == rank]
    return Field(
        tuple(map(max, zip(*(field.size for field in alike), strict=True))),
        tuple(map(max, zip(*(field.jump for field in alike), strict=True))),
        any(field.whole for field in fields),
    )


def _behind(field: Field, window: Window | None) -> Field:
    """The field behind a window; all of the input behind none, or behind one over a map that has been folded anew."""
    if window is None:
        return field._replace(whole=True)
    if window == ops.window(len(window.kernel)):
        return field
    if len(window.kernel) != len(field.size):
        return field._replace(whole=True)
    steps = tuple(jump / factor for jump, factor in zip(field.jump, window.upscale, strict=True))
    reach = (extent(k, d) - 1 for k, d in zip(window.kernel, window.dilation, strict=True))
    return Field(
        tuple(size + far * step for size, far, step in zip(field.size, reach, steps, strict=True)),
        tuple(step * stride for step, stride in zip(steps, window.stride, strict=True)),
        field.whole,
    )
