"""`avgpool`: average pooling."""

from __future__ import annotations

from math import prod
from typing import Any, Self

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Saved, Torch
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.fields import Flag, Pad, Sizes, absent
from netdsl.ops.shared.padding import reversed_sides, single
from netdsl.ops.shared.pool import Pooling
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

SAME = '''class AvgPool{d}dSame(nn.Module):
    """Average pooling padded as TensorFlow's SAME: stride s gives ceil(n / s), {odd}."""

    def __init__(self, kernel_size: tuple[{ints}], stride: tuple[{ints}], count_pad: bool = False) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.count_pad = kernel_size, stride, count_pad

    def forward(self, x: Tensor) -> Tensor:
        {names} = {missing}
        sides = [{halves}]
        mean = F.avg_pool{d}d(F.pad(x, sides), self.kernel_size, self.stride)
        if self.count_pad:
            return mean
        inside = F.pad(torch.ones_like(x[:1, :1]), sides)
        return mean / F.avg_pool{d}d(inside, self.kernel_size, self.stride)

    def missing(self, n: int, axis: int) -> int:
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + self.kernel_size[axis] - n, 0)
'''

PADDED = '''class PaddedAvgPool{d}d(nn.Module):
    """Average pooling padded by `sides` ({sides}); `ceil` rounds up, as Caffe does."""

    def __init__(
        self,
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}],
        sides: tuple[{pairs}],
        ceil: bool = False,
        count_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.sides, self.ceil, self.count_pad = sides, ceil, count_pad

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
{rounded}
        counted = F.pad(torch.ones_like(x[:1, :1]), [{sides}], value=1.0 if self.count_pad else 0.0)
        counted = F.pad(counted, [{more}])
        x = F.pad(x, [{padded}])
        return F.avg_pool{d}d(x, self.kernel_size, self.stride) / F.avg_pool{d}d(counted, self.kernel_size, self.stride)

    def beyond(self, n: int, before: int, after: int, axis: int) -> int:
        size, stride = self.kernel_size[axis], self.stride[axis]
        last = -(-(n + before - size) // stride)
        if last * stride >= n - after + before:
            last -= 1
        return last * stride + size - n - before
'''
ROUNDED = (
    "        more_{beyond} = self.beyond(x.shape[{place}] + {after}, {before}, {after}, {axis}) if self.ceil else 0"
)


DILATED = '''class DilatedAvgPool{d}d(nn.Module):
    """Average pooling whose windows look at every `dilation`-th pixel, padded by `sides` ({sides})."""

    def __init__(
        self,
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}],
        dilation: tuple[{ints}],
        sides: tuple[{pairs}] = {nothing},
        ceil: bool = False,
        count_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.sides, self.ceil, self.count_pad = sides, ceil, count_pad

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
{rounded}
        counted = F.pad(torch.ones_like(x[:1, :1]), [{sides}], value=1.0 if self.count_pad else 0.0)
        counted = F.pad(counted, [{more}])
        return self.mean(F.pad(x, [{padded}])) / self.mean(counted)

    def mean(self, x: Tensor) -> Tensor:
{means}
        return x

    def beyond(self, n: int, before: int, after: int, axis: int) -> int:
        size, stride = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1, self.stride[axis]
        last = -(-(n + before - size) // stride)
        if last * stride >= n - after + before:
            last -= 1
        return last * stride + size - n - before
'''
MEANS = """        size = self.dilation[{axis}] * (self.kernel_size[{axis}] - 1) + 1
        x = x.unfold({place}, size, self.stride[{axis}])[..., :: self.dilation[{axis}]].mean(-1)"""


class AvgPool(Pooling):
    """Average pooling: `avgpool3/2` takes the mean of 3x3 windows, 2 apart; `avgpool` alone is 2/2.

    A CxHxW input gives C x H' x W', sizes as for a convolution. `count_pad` says whether the zeros of the padding
    count as values; rows that `ceil=true` adds never count. By default they do, except with `pad=tf`: TensorFlow
    leaves them out. `to=HxW` chooses the windows so that the output has that size.

    PyTorch: `nn.AvgPool2d`, `nn.AdaptiveAvgPool2d`.
    """

    called = "avg pool"
    aliases = ("avg pool", "avg-pool", "average pool", "average-pool", "average pooling", "avg pooling", "avg-pooling")

    kernel: Sizes | None = None
    """Height x width of the window; none: 2x2."""
    stride: Sizes | None = None
    """Step of the window; none: the window's size."""
    pad: Pad = (0,)
    """Pixels of zeros around the input: same, valid (none), tf (TensorFlow), or numbers smaller than the window."""
    ceil: Flag = False
    """Round the output's size up, as Caffe did."""
    count_pad: Flag | None = None
    """Count the zeros of the padding as values; none: true, but false with pad=tf."""
    to: Sizes | None = None
    """The output's size, instead of a window."""
    dilation: Sizes | None = Field(None, exclude_if=absent)
    """Distance between the pixels a window looks at; none: 1."""

    @property
    def counts(self) -> bool:
        """Whether the padding counts."""
        return self.pad != "tf" if self.count_pad is None else self.count_pad

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        found = super().shape(inputs)
        if self.dilated and self.slide(len(found) - 1).fixed is None:
            raise OpError(
                "`dilation` of `avgpool` does not go with `pad=tf` and a stride",
                at="dilation",
                help="write the padding as numbers",
            )
        return found

    @property
    def dilated(self) -> bool:
        """Whether a window leaves pixels out."""
        return self.dilation is not None and set(self.dilation) != {1}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input of a window's mean, with its padding where the class here pads it, and how many values each is of;
        a mean over the whole plane is a sum, which needs nothing, and so are those of windows that leave pixels out."""
        if self.to is not None:
            return Saved() if set(self.to) == {1} else Saved((0,))
        channels, *sizes = inputs[0]
        slide = self.slide(len(sizes))
        if self._builtin(inputs[0]):
            return Saved((0,))
        out = self.shape(inputs)[1:]
        if self.dilated:
            return Saved(fixed=prod(out))
        own = channels * prod(slide.padded(sizes, out))
        return Saved(own=own, fixed=0 if slide.fixed is None and self.counts else prod(out))

    def _builtin(self, shape: Shape) -> bool:
        """Whether PyTorch's own pooling does it."""
        return self.builtin(self.slide(len(shape) - 1)) is not None and not self.dilated and not self._small(shape)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        if self.to:
            return Torch(Call(f"nn.AdaptiveAvgPool{rank}d", (single(self.to),)))
        slide = self.slide(rank)
        fixed = slide.fixed
        if self._builtin(inputs[0]):
            counts = {} if self.counts or not any(fixed or ()) else {"count_include_pad": False}
            return Torch(Call(f"nn.AvgPool{rank}d", kwargs={**self.keywords(slide), **counts}))
        if fixed is None:
            counts = {"count_pad": True} if self.counts else {}
            call = Call(f"AvgPool{rank}dSame", (slide.kernel, slide.stride), counts)
            return Torch(call, definitions=(definition(SAME, rank),))
        kwargs: dict[str, Constant] = {
            key: value
            for key, value, usual in (("ceil", self.ceil, False), ("count_pad", self.counts, True))
            if value != usual
        }
        rounded = each(ROUNDED, rank, "\n", last_first=True)
        more = each("0, more_{beyond}", rank, last_first=True)
        padded = each("{before}, {after} + more_{beyond}", rank, last_first=True)
        pieces = {"rounded": rounded, "more": more, "padded": padded}
        if not self.dilated:
            call = Call(f"PaddedAvgPool{rank}d", (slide.kernel, slide.stride, reversed_sides(fixed)), kwargs)
            return Torch(call, definitions=(definition(PADDED, rank, **pieces),))
        if any(fixed):
            kwargs = {"sides": reversed_sides(fixed), **kwargs}
        call = Call(f"DilatedAvgPool{rank}d", (slide.kernel, slide.stride, slide.dilation), kwargs)
        pieces |= {"means": each(MEANS, rank, "\n"), "nothing": str((0, 0) * rank)}
        return Torch(call, definitions=(definition(DILATED, rank, **pieces),))

    def _small(self, shape: Shape) -> bool:
        """Whether a clip is smaller than the window before it is padded, which PyTorch's own refuses."""
        _, *sizes = shape
        window = self.slide(len(sizes)).kernel
        return len(sizes) == 3 and any(n < k for n, k in zip(sizes, window, strict=True))

    def built(self, inputs: tuple[Shape, ...]) -> tuple[Any, ...]:
        return (self._small(inputs[0]),) if len(inputs[0]) == 4 and self.to is None else ()

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        spelled = super().canonical(inputs)
        if spelled.to is not None:
            return spelled
        changes = {"count_pad": self.counts or not any(spelled.pad)}
        return spelled.model_copy(update=changes if self.dilated else {**changes, "dilation": None})
