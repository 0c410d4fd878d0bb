"""What `conv` and `dwconv` share: filters that slide over a padded plane, and their three forms in PyTorch.

A padding that is equal on both sides and known beforehand is `nn.Conv2d`'s own. Everything else (asymmetric,
TensorFlow's SAME, sizes rounded up) is a small class derived from it whose `forward` pads from the size it meets, so
that weights used again on another size still do the right thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Window
from netdsl.ops.shared.checks import bounded, divides, plane
from netdsl.ops.shared.linear import Linear
from netdsl.ops.shared.padding import Sides, Slide, reversed_sides, single
from netdsl.shapes import Shape

SAME = '''class Conv2dSame(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: stride s gives ceil(n / s), odd pixels go below and right."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = self.missing(x.shape[2], 0), self.missing(x.shape[3], 1)
        x = F.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        return self._conv_forward(x, self.weight, self.bias)

    def missing(self, n: int, axis: int) -> int:
        size = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + size - n, 0)
'''

PADDED = '''class PaddedConv2d(nn.Conv2d):
    """Convolution padded by `sides` (left, right, top, bottom); `ceil` rounds sizes up, as cuda-convnet does."""

    def __init__(self, *args, sides: tuple[int, int, int, int], ceil: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.sides = sides
        self.ceil = ceil

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right, top, bottom = self.sides
        if self.ceil:
            bottom += self.missing(x.shape[2] + top + bottom, 0)
            right += self.missing(x.shape[3] + left + right, 1)
        return self._conv_forward(F.pad(x, [left, right, top, bottom]), self.weight, self.bias)

    def missing(self, n: int, axis: int) -> int:
        return (self.dilation[axis] * (self.kernel_size[axis] - 1) + 1 - n) % self.stride[axis]
'''


class Convolution(Linear):
    """Filters that slide over the plane. A subclass declares the fields, in the order of arguments, and `filters`."""

    family = Family.CONVOLUTION

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def kernel(self) -> tuple[int, int]: ...
        @property
        def stride(self) -> tuple[int, int]: ...
        @property
        def pad(self) -> str | Sides: ...
        @property
        def dilation(self) -> tuple[int, int]: ...
        @property
        def ceil(self) -> bool: ...

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pad == "tf" and self.ceil:
            raise ValueError("`pad=tf` rounds sizes up by itself; leave out `ceil`")
        return self

    def filters(self, channels: int) -> tuple[int, int]:
        """How many filters there are for so many input channels, and in how many groups."""
        raise NotImplementedError

    @property
    def slide(self) -> Slide:
        return Slide(self.name, self.kernel, self.stride, self.dilation, self.pad, self.ceil)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0])
        out, groups = self.filters(channels)
        divides(groups, channels, "input channels", also=out)
        divides(groups, out, "output channels", also=channels)
        return bounded(self.name, (out, *self.slide.conv(height, width)))

    def matrix(self, channels: int) -> tuple[Shape, int]:
        out, groups = self.filters(channels)
        return (out, channels // groups, *self.kernel), out

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        out, height, width = self.shape(inputs)
        return out * height * width * (inputs[0][0] // self.filters(inputs[0][0])[1]) * self.kernel[0] * self.kernel[1]

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        channels = inputs[0][0]
        out, groups = self.filters(channels)
        slide = self.slide
        fixed, symmetric = slide.fixed, slide.symmetric()
        kwargs: dict[str, Constant] = {"kernel_size": single(self.kernel)}
        if self.stride != (1, 1):
            kwargs["stride"] = single(self.stride)
        plain = symmetric is not None and (not self.ceil or self.stride == (1, 1))
        if plain and symmetric is not None and symmetric != (0, 0):
            kwargs["padding"] = single(symmetric)
        if self.dilation != (1, 1):
            kwargs["dilation"] = single(self.dilation)
        if groups != 1:
            kwargs["groups"] = groups
        if not self.bias:
            kwargs["bias"] = False
        function, definitions = "nn.Conv2d", tuple[str, ...]()
        if fixed is None:
            function, definitions = "Conv2dSame", (SAME,)
        elif not plain:
            function, definitions = "PaddedConv2d", (PADDED,)
            kwargs["sides"] = reversed_sides(fixed)
            if self.ceil:
                kwargs["ceil"] = True
        call = Call(function, (channels, out), kwargs)
        return self.drawn(call, *definitions)

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        top, _, left, _ = self.slide.sides(*inputs[0][1:])
        return Window(self.kernel, self.stride, self.dilation, (top, left))

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        _, height, width = inputs[0]
        top, bottom, left, right = self.slide.sides(height, width)
        _, rows, columns = self.shape(inputs)
        if self.ceil:  # what rounding up adds below and right
            bottom = max((rows - 1) * self.stride[0] + self.slide.extents[0] - height - top, bottom)
            right = max((columns - 1) * self.stride[1] + self.slide.extents[1] - width - left, right)
        changes = {"pad": (top, bottom, left, right), "ceil": False, "init": None, "bias_init": None}
        return self.model_copy(update=changes)
