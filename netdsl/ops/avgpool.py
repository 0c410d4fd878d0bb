"""`avgpool`: average pooling."""

from __future__ import annotations

from typing import Self

from netdsl.ops.shared.base import Call, Torch
from netdsl.ops.shared.fields import Flag, Pad, Pair
from netdsl.ops.shared.padding import reversed_sides, single
from netdsl.ops.shared.pool import Pooling
from netdsl.shapes import Shape

SAME = '''class AvgPool2dSame(nn.Module):
    """Average pooling padded as TensorFlow's SAME: stride s gives ceil(n / s), odd pixels go below and right."""

    def __init__(self, kernel_size: tuple[int, int], stride: tuple[int, int], count_pad: bool = False):
        super().__init__()
        self.kernel_size, self.stride, self.count_pad = kernel_size, stride, count_pad

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = self.missing(x.shape[2], 0), self.missing(x.shape[3], 1)
        sides = [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2]
        mean = F.avg_pool2d(F.pad(x, sides), self.kernel_size, self.stride)
        if self.count_pad:
            return mean
        inside = F.pad(torch.ones_like(x[:1, :1]), sides)
        return mean / F.avg_pool2d(inside, self.kernel_size, self.stride)

    def missing(self, n: int, axis: int) -> int:
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + self.kernel_size[axis] - n, 0)
'''

PADDED = '''class PaddedAvgPool2d(nn.Module):
    """Average pooling padded by `sides` (left, right, top, bottom); `ceil` rounds up, as Caffe does."""

    def __init__(
        self,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        sides: tuple[int, int, int, int],
        ceil: bool = False,
        count_pad: bool = True,
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.sides, self.ceil, self.count_pad = sides, ceil, count_pad

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right, top, bottom = self.sides
        more_right = self.beyond(x.shape[3] + right, left, right, 1) if self.ceil else 0
        more_below = self.beyond(x.shape[2] + bottom, top, bottom, 0) if self.ceil else 0
        counted = F.pad(torch.ones_like(x[:1, :1]), [left, right, top, bottom], value=1.0 if self.count_pad else 0.0)
        counted = F.pad(counted, [0, more_right, 0, more_below])
        x = F.pad(x, [left, right + more_right, top, bottom + more_below])
        return F.avg_pool2d(x, self.kernel_size, self.stride) / F.avg_pool2d(counted, self.kernel_size, self.stride)

    def beyond(self, n: int, before: int, after: int, axis: int) -> int:
        size, stride = self.kernel_size[axis], self.stride[axis]
        last = -(-(n + before - size) // stride)
        if last * stride >= n - after + before:
            last -= 1
        return last * stride + size - n - before
'''


class AvgPool(Pooling):
    """Average pooling: `avgpool3/2` takes the mean of 3x3 windows, 2 apart; `avgpool` alone is 2/2.

    A CxHxW input gives C x H' x W', sizes as for a convolution. `count_pad` says whether the zeros of the padding
    count as values; rows that `ceil=true` adds never count. By default they do, except with `pad=tf`: TensorFlow
    leaves them out. `to=HxW` chooses the windows so that the output has that size.

    PyTorch: `nn.AvgPool2d`, `nn.AdaptiveAvgPool2d`.
    """

    aliases = ("avg pool", "avg-pool", "average pool", "average-pool", "average pooling", "avg pooling", "avg-pooling")

    kernel: Pair | None = None
    """Height x width of the window; none: 2x2."""
    stride: Pair | None = None
    """Step of the window; none: the window's size."""
    pad: Pad = (0, 0, 0, 0)
    """Pixels of zeros around the input: same, valid (none), tf (TensorFlow), or numbers smaller than the window."""
    ceil: Flag = False
    """Round the output's size up, as Caffe did."""
    count_pad: Flag | None = None
    """Count the zeros of the padding as values; none: true, but false with pad=tf."""
    to: Pair | None = None
    """The output's size, instead of a window."""

    @property
    def counts(self) -> bool:
        """Whether the padding counts."""
        return self.pad != "tf" if self.count_pad is None else self.count_pad

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.to:
            return Torch(Call("nn.AdaptiveAvgPool2d", (single(self.to),)))
        slide, fixed = self.slide, self.slide.fixed
        if self.builtin is not None:
            counts = {} if self.counts or self.builtin == (0, 0) else {"count_include_pad": False}
            return Torch(Call("nn.AvgPool2d", kwargs={**self.keywords(), **counts}))
        if fixed is None:
            counts = {"count_pad": True} if self.counts else {}
            return Torch(Call("AvgPool2dSame", (slide.kernel, slide.stride), counts), definitions=(SAME,))
        kwargs = {
            key: value
            for key, value, usual in (("ceil", self.ceil, False), ("count_pad", self.counts, True))
            if value != usual
        }
        call = Call("PaddedAvgPool2d", (slide.kernel, slide.stride, reversed_sides(fixed)), kwargs)
        return Torch(call, definitions=(PADDED,))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        spelled = super().canonical(inputs)
        if spelled.to is not None:
            return spelled
        return spelled.model_copy(update={"count_pad": self.counts or spelled.pad == (0, 0, 0, 0)})
