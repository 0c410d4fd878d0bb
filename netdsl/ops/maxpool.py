"""`maxpool`: max pooling."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Saved, Torch
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.fields import Flag, Pad, Sizes
from netdsl.ops.shared.padding import reversed_sides, single
from netdsl.ops.shared.pool import Pooling
from netdsl.shapes import Shape

SAME = '''class MaxPool{d}dSame(nn.Module):
    """Max pooling padded as TensorFlow's SAME: stride s gives ceil(n / s), {odd}."""

    def __init__(
        self,
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}],
        dilation: tuple[{ints}] = {ones},
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation

    def forward(self, x: Tensor) -> Tensor:
        {names} = {missing}
        sides = [{halves}]
{pooled}

    def missing(self, n: int, axis: int) -> int:
        size = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + size - n, 0)
'''

PADDED = '''class PaddedMaxPool{d}d(nn.Module):
    """Max pooling padded by `sides` ({sides}); `ceil` rounds up, as Caffe does."""

    def __init__(
        self,
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}],
        sides: tuple[{pairs}],
        dilation: tuple[{ints}] = {ones},
        ceil: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.sides, self.ceil = sides, ceil

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
        if self.ceil:
{rounded}
        x = F.pad(x, [{sides}], value=float("-inf"))
        return F.max_pool{d}d(x, self.kernel_size, self.stride, dilation=self.dilation)

    def after(self, n: int, before: int, after: int, axis: int) -> int:
        size, stride = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1, self.stride[axis]
        last = -(-(n + before + after - size) // stride)
        if last * stride >= n + before:
            last -= 1
        return last * stride + size - n - before
'''
POOLED = (
    '        return F.max_pool{d}d(F.pad(x, sides, value=float("-inf")), '
    "self.kernel_size, self.stride, dilation=self.dilation)"
)
ROUNDED = "            {after} = self.after(x.shape[{place}], {before}, {after}, {axis})"


class MaxPool(Pooling):
    """Max pooling: `maxpool3/2` takes the largest value in 3x3 windows, 2 apart; `maxpool` alone is 2/2.

    A CxHxW input gives C x H' x W', sizes as for a convolution. The padding never wins. `ceil=true` rounds sizes up, as
    Caffe does: a last window that would start in the padding is dropped. `to=HxW` chooses the windows so that the
    output has that size.

    PyTorch: `nn.MaxPool2d`, `nn.AdaptiveMaxPool2d`.
    """

    called = "max pool"
    aliases = ("max pool", "max-pool", "max pooling", "max-pooling")

    kernel: Sizes | None = None
    """Height x width of the window; none: 2x2."""
    stride: Sizes | None = None
    """Step of the window; none: the window's size."""
    pad: Pad = (0,)
    """Pixels around the input: same, valid (none), tf (TensorFlow), or numbers smaller than the window."""
    ceil: Flag = False
    """Round the output's size up, as Caffe did."""
    dilation: Sizes = (1,)
    """Distance between the pixels a window looks at."""
    to: Sizes | None = None
    """The output's size, instead of a window."""

    def line(self, takes: Shape | None, kernel: str = "", out: str = "", stride: str = "") -> str:
        return "pool, /2" if stride == "2" else super().line(takes, kernel, out, stride)

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, with its padding where the class here pads it, and the places of the maxima."""
        channels, *sizes = inputs[0]
        places = 2 * prod(self.shape(inputs))
        slide = self.slide(len(sizes))
        if self.to is not None or self.builtin(slide) is not None:
            return Saved((0,), own=places)
        return Saved(own=places + channels * prod(slide.padded(sizes, self.shape(inputs)[1:])))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        if self.to:
            return Torch(Call(f"nn.AdaptiveMaxPool{rank}d", (single(self.to),)))
        slide = self.slide(rank)
        if self.builtin(slide) is not None:
            return Torch(Call(f"nn.MaxPool{rank}d", kwargs=self.keywords(slide)))
        dilation = {"dilation": slide.dilation} if set(slide.dilation) != {1} else {}
        fixed = slide.fixed
        if fixed is None:
            call = Call(f"MaxPool{rank}dSame", (slide.kernel, slide.stride), dilation)
            return Torch(call, definitions=(definition(SAME, rank, pooled=POOLED.format(d=rank)),))
        ceil = {"ceil": True} if self.ceil else {}
        call = Call(f"PaddedMaxPool{rank}d", (slide.kernel, slide.stride, reversed_sides(fixed)), {**dilation, **ceil})
        rounded = each(ROUNDED, rank, "\n", last_first=True)
        return Torch(call, definitions=(definition(PADDED, rank, rounded=rounded),))
