"""From what a spec says of padding (`same`, `valid`, `tf`, numbers) to pixels on each side, and from there to sizes."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.shapes import conv_size, extent, pool_size, same_pad
from netdsl.text.diagnostics import OpError

Sides = tuple[int, int, int, int]


class Slide(NamedTuple):
    """A window as an operator declares it: (height, width) each, and the padding as written."""

    op: str
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pad: str | Sides = "valid"
    ceil: bool = False

    @property
    def extents(self) -> tuple[int, int]:
        """How many pixels the dilated kernel spans."""
        return extent(self.kernel[0], self.dilation[0]), extent(self.kernel[1], self.dilation[1])

    @property
    def fixed(self) -> Sides | None:
        """[top, bottom, left, right] where it does not depend on the input; None for `tf` with a stride.

        Raises `OpError` for `same` with an even kernel.
        """
        if isinstance(self.pad, tuple):
            return self.pad
        if self.pad == "valid":
            return 0, 0, 0, 0
        if self.pad == "tf":
            return self._tf(1, 1) if self.stride == (1, 1) else None
        if self.kernel[0] % 2 == 0 or self.kernel[1] % 2 == 0:
            raise OpError(
                f"`pad=same` needs an odd kernel; the kernel of `{self.op}` is {shown(self.kernel)}",
                at="pad" if self.op in ("maxpool", "avgpool") else "kernel",
                help="the kernel comes first, then the channels: `conv3-64`"
                if min(self.kernel) >= 16
                else "take an odd kernel, or say how to pad: `pad=valid` (not at all), a number of pixels, or `pad=tf`",
            )
        y, x = ((size - 1) // 2 for size in self.extents)
        return y, y, x, x

    def _tf(self, height: int, width: int) -> Sides:
        return (
            *same_pad(height, self.kernel[0], self.stride[0], self.dilation[0]),
            *same_pad(width, self.kernel[1], self.stride[1], self.dilation[1]),
        )

    def sides(self, height: int, width: int) -> Sides:
        """[top, bottom, left, right] in pixels, for an input of this size."""
        return self.fixed or self._tf(height, width)

    def symmetric(self) -> tuple[int, int] | None:
        """The padding as PyTorch's (height, width), where it is equal on both sides for any input."""
        sides = self.fixed
        return (sides[0], sides[2]) if sides and sides[0] == sides[1] and sides[2] == sides[3] else None

    def conv(self, height: int, width: int) -> tuple[int, int]:
        """The size of the plane that a convolution gives."""
        top, bottom, left, right = self.sides(height, width)
        out = (
            conv_size(height, self.kernel[0], self.stride[0], top + bottom, self.dilation[0], self.ceil),
            conv_size(width, self.kernel[1], self.stride[1], left + right, self.dilation[1], self.ceil),
        )
        return self._fits(out, height, width)

    def pool(self, height: int, width: int) -> tuple[int, int]:
        """The size of the plane that a pooling gives; `ceil` as in Caffe and PyTorch."""
        sides = self.sides(height, width)
        if any(side >= size for side, size in zip(sides, (2 * self.extents[:1] + 2 * self.extents[1:]), strict=True)):
            raise OpError(
                f"the padding {shown(sides)} of `{self.op}` must be smaller than its window {shown(self.extents)}: "
                "a window must see at least one pixel of the input",
                at="pad",
                help=f"pad by at most {min(self.extents) - 1}",
            )
        return self._fits(self.pool_sizes(height, width), height, width)

    def pool_sizes(self, height: int, width: int) -> tuple[int, int]:
        """The rounding rule of poolings alone; at most 0 where the window does not fit."""
        top, bottom, left, right = self.sides(height, width)
        return (
            pool_size(height, self.kernel[0], self.stride[0], (top, bottom), self.dilation[0], self.ceil),
            pool_size(width, self.kernel[1], self.stride[1], (left, right), self.dilation[1], self.ceil),
        )

    def _fits(self, out: tuple[int, int], height: int, width: int) -> tuple[int, int]:
        if out[0] >= 1 and out[1] >= 1:
            return out
        top, bottom, left, right = self.sides(height, width)
        room = (height + top + bottom, width + left + right)
        padded = " with its padding" if any((top, bottom, left, right)) else ""
        nothing = room[0] == 1 or room[1] == 1
        dilated = f", dilated to {shown(self.extents)}," if self.dilation != (1, 1) else ""
        fix = " or a smaller dilation" if dilated else ""
        raise OpError(
            f"the kernel {shown(self.kernel)} of `{self.op}`{dilated} is larger than the {shown(room)} input{padded}",
            at="kernel",
            help="the plane has been halved down to nothing before: fewer strides and pools, or a larger input"
            if nothing and self.stride != (1, 1)
            else f"a kernel of at most {shown(self._largest(room))}{fix}, or more padding",
        )

    def _largest(self, room: tuple[int, int]) -> tuple[int, int]:
        y, x = ((n - 1) // d + 1 for n, d in zip(room, self.dilation, strict=True))
        return max(min(y, self.kernel[0]), 1), max(min(x, self.kernel[1]), 1)


def shown(sizes: tuple[int, ...]) -> str:
    """`3x3`; sides as `[1, 0, 1, 0]`, or as one number where all agree."""
    if len(sizes) == 2:
        return f"{sizes[0]}x{sizes[1]}"
    return str(sizes[0]) if len(set(sizes)) == 1 else str(list(sizes))


def reversed_sides(sides: Sides) -> Sides:
    """[top, bottom, left, right] in the order of `F.pad`: (left, right, top, bottom)."""
    return sides[2], sides[3], sides[0], sides[1]


def single(pair: tuple[int, int]) -> int | tuple[int, int]:
    """A square pair as the one integer that PyTorch takes for it."""
    return pair[0] if pair[0] == pair[1] else pair
