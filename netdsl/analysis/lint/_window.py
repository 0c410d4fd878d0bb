"""Which pixels along one axis the windows of a layer look at."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.shapes import extent

LONGEST = 4096
"""Axes longer than this are not looked into pixel by pixel."""


class Axis(NamedTuple):
    """Windows along one axis: the input's size, kernel, stride, dilation, padding before it, and how many windows."""

    size: int
    kernel: int
    stride: int
    dilation: int
    pad: int
    out: int

    @property
    def end(self) -> int:
        """The pixel behind the last that the last window reaches."""
        return (self.out - 1) * self.stride + extent(self.kernel, self.dilation) - self.pad

    @property
    def gaps(self) -> bool:
        """Whether windows leave pixels out between them."""
        if (self.stride <= self.kernel and self.dilation == 1) or self.stride == 1 or self.out == 1:
            return False
        if self.size > LONGEST:
            return self.dilation == 1
        looked = seen(self)
        return looked.count(True) < len(looked) - (looked.index(True) + looked[::-1].index(True))


@lru_cache(maxsize=1024)
def seen(axis: Axis) -> tuple[bool, ...]:
    """For each pixel of an axis of at most `LONGEST`, whether a window looks at it."""
    found = [False] * axis.size
    for tap in range(min(axis.kernel, axis.size + axis.pad)):
        first = tap * axis.dilation - axis.pad
        for place in range(first, first + axis.out * axis.stride, axis.stride):
            if 0 <= place < axis.size:
                found[place] = True
    return tuple(found) if any(found) else (True,) * axis.size


def axes(network: Network, node: Node) -> tuple[Axis, Axis] | None:
    """The windows of a node along height and width; None where it has none, or they are chosen by the size."""
    shapes = network.input_shapes(node)
    if shapes is None or node.shape is None or len(shapes) != 1 or len(shapes[0]) != 3 or len(node.shape) != 3:
        return None
    if getattr(node.op, "to", None) is not None or not node.op.geometry.kernel:
        return None
    window = node.op.window(shapes)
    if window is None or window.upscale != (1, 1):
        return None
    height, width = (
        Axis(
            shapes[0][at + 1],
            window.kernel[at],
            window.stride[at],
            window.dilation[at],
            window.pad[at],
            node.shape[at + 1],
        )
        for at in (0, 1)
    )
    return height, width
