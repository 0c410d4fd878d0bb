"""What `conv` and `dwconv` share: filters that slide over a padded plane, and their three forms in PyTorch.

A padding that is equal on both sides and known beforehand is `nn.Conv2d`'s own. Everything else (asymmetric,
TensorFlow's SAME, sizes rounded up) is a small class derived from it whose `forward` pads from the size it meets, so
that weights used again on another size still do the right thing.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, divides, plane
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.linear import Linear
from netdsl.ops.shared.padding import Sides, Slide, pairs, reversed_sides, single
from netdsl.shapes import Shape

SAME = '''class {prefix}Conv{d}dSame(nn.Conv{d}d):
    """Convolution padded as TensorFlow's SAME: stride s gives ceil(n / s), {odd}."""

    def forward(self, x: Tensor) -> Tensor:
        {names} = {missing}
        x = F.pad(x, [{halves}])
        return self._conv_forward(x, {weight}, self.bias)

    def missing(self, n: int, axis: int) -> int:
        size = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return max((-(-n // self.stride[axis]) - 1) * self.stride[axis] + size - n, 0)
'''

PADDED = '''class {prefix}PaddedConv{d}d(nn.Conv{d}d):
    """Convolution padded by `sides` ({sides}); `ceil` rounds sizes up, as cuda-convnet does."""

    def __init__(self, *args, sides: tuple[{pairs}], ceil: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sides = sides
        self.ceil = ceil

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
        if self.ceil:
{rounded}
        return self._conv_forward(F.pad(x, [{sides}]), {weight}, self.bias)

    def missing(self, n: int, axis: int) -> int:
        return (self.dilation[axis] * (self.kernel_size[axis] - 1) + 1 - n) % self.stride[axis]
'''
PLAIN = '''class {prefix}Conv{d}d(nn.Conv{d}d):
    """Convolution by standardized weights."""

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, {weight}, self.bias)
'''
STANDARDIZED = '''
    def standardized(self) -> Tensor:
        """Each output channel's weights less their mean, over their standard deviation."""
        variance, mean = torch.var_mean(self.weight, {dims}, correction=0, keepdim=True)
        return (self.weight - mean) / torch.sqrt(variance + 1e-10)
'''
ROUNDED = "            {after} += self.missing(x.shape[{place}] + {before} + {after}, {axis})"


class Convolution(Linear):
    """Filters that slide over the plane. A subclass declares the fields, in the order of arguments, and `filters`."""

    family = Family.CONVOLUTION

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def kernel(self) -> tuple[int, ...]: ...
        @property
        def stride(self) -> tuple[int, ...]: ...
        @property
        def pad(self) -> str | Sides: ...
        @property
        def dilation(self) -> tuple[int, ...]: ...
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

    @property
    def plain(self) -> bool:
        """Whether PyTorch's own module pads as this does."""
        return self.slide.symmetric() is not None and (not self.ceil or set(self.stride) == {1})

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        out, groups = self.filters(channels)
        divides(groups, channels, "input channels", also=out)
        divides(groups, out, "output channels", also=channels)
        return bounded(self.name, (out, *self.slide.conv(*sizes)))

    def matrix(self, channels: int) -> tuple[Shape, int]:
        out, groups = self.filters(channels)
        return (out, channels // groups, *self.kernel), out

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return prod(self.shape(inputs)) * prod(self.matrix(inputs[0][0])[0][1:])

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, or what a module of its own has padded of it; standardized weights, and what they are made of if
        they are trained."""
        channels, *sizes = inputs[0]
        shape, out = self.matrix(channels)
        fixed = prod(shape) if getattr(self, "standardize", False) else 0
        if fixed and not self.frozen:
            fixed += prod(shape) + out
        if self.plain:
            return Saved((0,), fixed=fixed)
        return Saved(own=channels * prod(self.slide.padded(sizes, self.shape(inputs)[1:])), fixed=fixed)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        channels = inputs[0][0]
        out, groups = self.filters(channels)
        slide, rank = self.slide, len(self.kernel)
        one = (1,) * rank
        fixed, symmetric, plain = slide.fixed, slide.symmetric(), self.plain
        kwargs: dict[str, Constant] = {"kernel_size": single(self.kernel)}
        if self.stride != one:
            kwargs["stride"] = single(self.stride)
        if plain and symmetric is not None and any(symmetric):
            kwargs["padding"] = single(symmetric)
        if self.dilation != one:
            kwargs["dilation"] = single(self.dilation)
        if groups != 1:
            kwargs["groups"] = groups
        if not self.bias:
            kwargs["bias"] = False
        function, template, rounded = f"nn.Conv{rank}d", PLAIN, each(ROUNDED, rank, "\n")
        if fixed is None:
            function, template = f"Conv{rank}dSame", SAME
        elif not plain:
            function, template = f"PaddedConv{rank}d", PADDED
            kwargs["sides"] = reversed_sides(fixed)
            if self.ceil:
                kwargs["ceil"] = True
        definitions: tuple[str, ...] = ()
        if getattr(self, "standardize", False):
            function = f"Standardized{function.removeprefix('nn.')}"
            pieces = {"prefix": "Standardized", "weight": "self.standardized()", "rounded": rounded}
            text = definition(template, rank, **pieces)
            definitions = (text + STANDARDIZED.format(dims=tuple(range(1, rank + 2))),)
        elif template is not PLAIN:
            definitions = (definition(template, rank, prefix="", weight="self.weight", rounded=rounded),)
        return self.drawn(Call(function, (channels, out), kwargs), *definitions)

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        before = self.slide.sides(*inputs[0][1:])[::2]
        return window(len(before), self.kernel, self.stride, self.dilation, before)

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        _, *sizes = inputs[0]
        sides = self.slide.sides(*sizes)
        if self.ceil:  # what rounding up adds below and right
            axes = zip(self.shape(inputs)[1:], self.stride, self.slide.extents, sizes, pairs(sides), strict=True)
            added = (
                (before, max((out - 1) * s + size - n - before, after)) for out, s, size, n, (before, after) in axes
            )
            sides = tuple(side for pair in added for side in pair)
        changes = {"pad": sides, "ceil": False, "init": None, "bias_init": None}
        return self.model_copy(update=changes)
