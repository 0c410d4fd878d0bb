"""Which pixels along an axis of its input the windows of a layer see."""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import NamedTuple

from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.shapes import Shape, extent

LONGEST = 4096
"""Longer axes are not gone through pixel by pixel."""


class Axis(NamedTuple):
    """The windows along one axis: the input's size, kernel, stride, dilation, padding before it, number of windows."""

    size: int
    kernel: int
    stride: int
    dilation: int
    pad: int
    out: int

    @property
    def kept(self) -> int:
        """How many windows there are where the padding fits the kernel."""
        return -(-self.size // self.stride)

    @property
    def end(self) -> int:
        """The pixel after the last one that a window sees."""
        return (self.out - 1) * self.stride + extent(self.kernel, self.dilation) - self.pad

    @property
    def gaps(self) -> bool:
        """Whether there are pixels between the windows that none of them sees, of an axis of at most `LONGEST`."""
        if (self.stride <= self.kernel and self.dilation == 1) or self.stride == 1 or self.out == 1:
            return False
        looked = seen(self)
        return looked.count(True) < len(looked) - (looked.index(True) + looked[::-1].index(True))


@lru_cache(maxsize=1024)
def seen(axis: Axis) -> tuple[bool, ...]:
    """For each pixel of an axis of at most `LONGEST`, whether a window sees it."""
    found = tuple(_sees(axis, pixel) for pixel in range(axis.size))
    return found if any(found) else (True,) * axis.size


def _sees(axis: Axis, pixel: int) -> bool:
    """Whether a tap of a window falls on a pixel: whether `tap * dilation + window * stride` is its distance from the
    first tap of the first window, for a tap and a window that there are. Neither is gone through; there may be many."""
    far = pixel + axis.pad
    shared = gcd(axis.dilation, axis.stride)
    if far % shared:
        return False
    period = axis.stride // shared
    fewest = max(0, -(-(far - (axis.out - 1) * axis.stride) // axis.dilation))
    fits = far // shared * pow(axis.dilation // shared, -1, period) % period
    return fewest + (fits - fewest) % period <= min(axis.kernel - 1, far // axis.dilation)


def axes(network: Network, node: Node) -> tuple[Axis, Axis] | None:
    """The windows of a node along height and width; None if it has none, or they follow from a wanted output size, or
    it is not on a plane."""
    if len(node.inputs) != 1:  # a wide join, asked of each of its inputs
        return None
    return axes_of(node.op, network.input_shapes(node), node.shape)


def axes_of(op: Operator, inputs: tuple[Shape, ...] | None, out: Shape | None) -> tuple[Axis, Axis] | None:
    """The same of an operator with these inputs and output."""
    if inputs is None or out is None or len(inputs) != 1 or len(inputs[0]) != 3 or len(out) != 3:
        return None
    if getattr(op, "to", None) is not None or not op.geometry.kernel:
        return None
    window = op.window(inputs)
    if window is None or max(window.upscale) > 1:
        return None
    height, width = (
        Axis(inputs[0][at + 1], window.kernel[at], window.stride[at], window.dilation[at], window.pad[at], out[at + 1])
        for at in (0, 1)
    )
    return height, width
