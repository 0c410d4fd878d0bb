"""From what a spec says of padding (`same`, `valid`, `tf`, numbers) to pixels on each side, and from there to sizes.

All of it goes dimension by dimension, for maps of any rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netdsl.shapes import conv_size, extent, pool_size, same_pad
from netdsl.text.diagnostics import OpError

Sides = tuple[int, ...]
"""[top, bottom, left, right]: two for each dimension."""


class Slide(NamedTuple):
    """A window as an operator declares it, one number for each dimension, and the padding as written."""

    op: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pad: str | Sides = "valid"
    ceil: bool = False

    @property
    def extents(self) -> tuple[int, ...]:
        """How many pixels the dilated kernel spans."""
        return tuple(map(extent, self.kernel, self.dilation))

    @property
    def fixed(self) -> Sides | None:
        """[top, bottom, left, right] where it does not depend on the input; None for `tf` with a stride.

        Raises `OpError` for `same` with an even kernel.
        """
        if isinstance(self.pad, tuple):
            return self.pad
        if self.pad == "valid":
            return (0, 0) * len(self.kernel)
        if self.pad == "tf":
            one = (1,) * len(self.kernel)
            return self._replace(stride=one)._tf(one) if set(self.stride) == {1} else None
        return doubled(self.odd())

    def odd(self) -> tuple[int, ...]:
        """What `same` pads on each side. Raises `OpError` for an even kernel."""
        if any(size % 2 == 0 for size in self.kernel):
            raise OpError(
                f"`pad=same` needs an odd kernel; the kernel of `{self.op}` is {shown(self.kernel)}",
                at="pad" if self.op in ("maxpool", "avgpool", "upconv") else "kernel",
                help="the kernel comes first, then the channels: `conv3-64`"
                if min(self.kernel) >= 16
                else "take an odd kernel, or say how to pad: `pad=valid` (not at all), a number of pixels, or `pad=tf`",
            )
        return tuple((size - 1) // 2 for size in self.extents)

    def _tf(self, sizes: tuple[int, ...]) -> Sides:
        axes = zip(sizes, self.kernel, self.stride, self.dilation, strict=True)
        return tuple(side for axis in axes for side in same_pad(*axis))

    def sides(self, *sizes: int) -> Sides:
        """[top, bottom, left, right] in pixels, for an input of this size."""
        return self.fixed or self._tf(sizes)

    def symmetric(self) -> tuple[int, ...] | None:
        """The padding as PyTorch's (height, width), where it is equal on both sides for any input."""
        sides = self.fixed
        return sides[::2] if sides and sides[::2] == sides[1::2] else None

    def conv(self, *sizes: int) -> tuple[int, ...]:
        """The size of the plane that a convolution gives."""
        pads = map(sum, pairs(self.sides(*sizes)))
        axes = zip(sizes, self.kernel, self.stride, pads, self.dilation, strict=True)
        return self._fits(tuple(conv_size(*axis, ceil=self.ceil) for axis in axes), sizes)

    def pool(self, *sizes: int) -> tuple[int, ...]:
        """The size of the plane that a pooling gives; `ceil` as in Caffe and PyTorch."""
        sides = self.sides(*sizes)
        if any(side >= size for side, size in zip(sides, doubled(self.extents), strict=True)):
            raise OpError(
                f"the padding {shown_sides(sides)} of `{self.op}` must be smaller than its window "
                f"{shown(self.extents)}: a window must see at least one pixel of the input",
                at="pad",
                help=f"pad by at most {min(self.extents) - 1}",
            )
        return self._fits(self.pool_sizes(*sizes), sizes)

    def pool_sizes(self, *sizes: int) -> tuple[int, ...]:
        """The rounding rule of poolings alone; at most 0 where the window does not fit."""
        axes = zip(sizes, self.kernel, self.stride, pairs(self.sides(*sizes)), self.dilation, strict=True)
        return tuple(pool_size(*axis, ceil=self.ceil) for axis in axes)

    def padded(self, sizes: Sequence[int], out: Sequence[int]) -> tuple[int, ...]:
        """The plane with its padding; where sizes are rounded up, as far as the windows reach that give `out`."""
        if self.ceil:
            axes = zip(out, self.stride, self.extents, strict=True)
            return tuple((count - 1) * step + size for count, step, size in axes)
        return tuple(n + sum(pair) for n, pair in zip(sizes, pairs(self.sides(*sizes)), strict=True))

    def _fits(self, out: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[int, ...]:
        if all(size >= 1 for size in out):
            return out
        sides = self.sides(*sizes)
        room = tuple(n + before + after for n, (before, after) in zip(sizes, pairs(sides), strict=True))
        padded = " with its padding" if any(sides) else ""
        dilated = f", dilated to {shown(self.extents)}," if set(self.dilation) != {1} else ""
        fix = " or a smaller dilation" if dilated else ""
        raise OpError(
            f"the kernel {shown(self.kernel)} of `{self.op}`{dilated} is larger than the {shown(room)} input{padded}",
            at="kernel",
            help="the plane has been halved down to nothing before: fewer strides and pools, or a larger input"
            if 1 in room and set(self.stride) != {1}
            else f"a kernel of at most {shown(self._largest(room))}{fix}, or more padding",
        )

    def _largest(self, room: tuple[int, ...]) -> tuple[int, ...]:
        most = ((n - 1) // d + 1 for n, d in zip(room, self.dilation, strict=True))
        return tuple(map(min, most, self.kernel))


def doubled(sizes: tuple[int, ...]) -> Sides:
    """Each size twice: the same on both sides."""
    return tuple(side for size in sizes for side in (size, size))


def pairs(sides: Sides) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    return tuple(zip(sides[::2], sides[1::2], strict=True))


def shown(sizes: tuple[int, ...]) -> str:
    """`3x3`."""
    return "x".join(map(str, sizes))


def shown_sides(sides: Sides) -> str:
    """`[1, 0, 1, 0]`, or one number where all agree."""
    return str(sides[0]) if len(set(sides)) == 1 else str(list(sides))


def reversed_sides(sides: Sides) -> Sides:
    """[top, bottom, left, right] in the order of `F.pad`, the last dimension first: (left, right, top, bottom)."""
    return tuple(side for pair in reversed(pairs(sides)) for side in pair)


def single(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Equal sizes as the one integer that PyTorch takes for them."""
    return sizes[0] if all(size == sizes[0] for size in sizes) else sizes
