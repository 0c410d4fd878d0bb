"""`maxpool`: max pooling."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Torch
from netdsl.ops.shared.fields import Flag, Pad, Pair
from netdsl.ops.shared.padding import reversed_sides, single
from netdsl.ops.shared.pool import Pooling
from netdsl.shapes import Shape

SAME = '''class MaxPool2dSame(nn.Module):
    """Max pooling padded as TensorFlow's SAME: stride s gives ceil(n / s), odd pixels go below and right."""

    def __init__(self, kernel_size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int] = (1, 1)):
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = self.missing(x.shape[2], 0), self.missing(x.shape[3], 1)
        sides = [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2]
        return F.max_pool2d(F.pad(x, sides, value=float("-inf")), self.kernel_size, self.stride, dilation=self.dilation)

    def missing(self, n: int, axis: int) -> int:
        size = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + size - n, 0)
'''

PADDED = '''class PaddedMaxPool2d(nn.Module):
    """Max pooling padded by `sides` (left, right, top, bottom); `ceil` rounds up, as Caffe does."""

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        sides: tuple[int, int, int, int],
        dilation: tuple[int, int] = (1, 1),
        ceil: bool = False,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.sides, self.ceil = sides, ceil

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right, top, bottom = self.sides
        if self.ceil:
            right = self.after(x.shape[3], left, right, 1)
            bottom = self.after(x.shape[2], top, bottom, 0)
        x = F.pad(x, [left, right, top, bottom], value=float("-inf"))
        return F.max_pool2d(x, self.kernel_size, self.stride, dilation=self.dilation)

    def after(self, n: int, before: int, after: int, axis: int) -> int:
        size, stride = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1, self.stride[axis]
        last = -(-(n + before + after - size) // stride)
        if last * stride >= n + before:
            last -= 1
        return last * stride + size - n - before
'''


class MaxPool(Pooling):
    """Max pooling: `maxpool3/2` takes the largest value in 3x3 windows, 2 apart; `maxpool` alone is 2/2.

    A CxHxW input gives C x H' x W', sizes as for a convolution. The padding never wins. `ceil=true` rounds sizes up, as
    Caffe does: a last window that would start in the padding is dropped. `to=HxW` chooses the windows so that the
    output has that size.

    PyTorch: `nn.MaxPool2d`, `nn.AdaptiveMaxPool2d`.
    """

    aliases = ("max pool", "max-pool", "max pooling", "max-pooling")

    kernel: Pair | None = None
    """Height x width of the window; none: 2x2."""
    stride: Pair | None = None
    """Step of the window; none: the window's size."""
    pad: Pad = (0, 0, 0, 0)
    """Pixels around the input: same, valid (none), tf (TensorFlow), or numbers smaller than the window."""
    ceil: Flag = False
    """Round the output's size up, as Caffe did."""
    dilation: Pair = (1, 1)
    """Distance between the pixels a window looks at."""
    to: Pair | None = None
    """The output's size, instead of a window."""

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.to:
            return Torch(Call("nn.AdaptiveMaxPool2d", (single(self.to),)))
        if self.builtin is not None:
            return Torch(Call("nn.MaxPool2d", kwargs=self.keywords()))
        slide = self.slide
        dilation = {"dilation": slide.dilation} if slide.dilation != (1, 1) else {}
        fixed = slide.fixed
        if fixed is None:
            return Torch(Call("MaxPool2dSame", (slide.kernel, slide.stride), dilation), definitions=(SAME,))
        ceil = {"ceil": True} if self.ceil else {}
        call = Call("PaddedMaxPool2d", (slide.kernel, slide.stride, reversed_sides(fixed)), {**dilation, **ceil})
        return Torch(call, definitions=(PADDED,))
