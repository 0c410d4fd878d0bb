"""What `maxpool` and `avgpool` share: a window that slides over the plane, or one that adapts to an output size."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Constant, Family, Geometry, Operator, Window, window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.padding import Sides, Slide, single
from netdsl.shapes import Shape


class Pooling(Operator):
    """A window that gives one value of each channel. A subclass declares the fields, in the order of its arguments."""

    family = Family.POOLING
    geometry = Geometry(kernel="kernel", stride="stride")
    any_channels = True

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def kernel(self) -> tuple[int, ...] | None: ...
        @property
        def stride(self) -> tuple[int, ...] | None: ...
        @property
        def pad(self) -> str | Sides: ...
        @property
        def dilation(self) -> tuple[int, ...] | None: ...
        @property
        def ceil(self) -> bool: ...
        @property
        def to(self) -> tuple[int, ...] | None: ...

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pad == "tf" and self.ceil:
            raise ValueError("`pad=tf` rounds sizes up by itself; leave out `ceil`")
        if self.to is not None:
            for key in type(self).model_fields:
                if key != "to" and not self.is_default(key):
                    raise ValueError(f"`to` chooses the window by the size of the input; leave out `{key}`")
        return self

    def slide(self, rank: int) -> Slide:
        """The window over a map of `rank` dimensions."""
        kernel = self.kernel or (2,) * rank
        return Slide(self.name, kernel, self.stride or kernel, self.dilation or (1,) * rank, self.pad, self.ceil)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        return (channels, *(self.to or self.slide(len(sizes)).pool(*sizes)))

    def builtin(self, slide: Slide) -> tuple[int, ...] | None:
        """The padding that PyTorch's own pooling takes, up to half of the window; None for any other."""
        pad = slide.symmetric()
        return pad if pad and all(2 * p <= k for p, k in zip(pad, slide.kernel, strict=True)) else None

    def keywords(self, slide: Slide) -> dict[str, Constant]:
        """Window, stride and padding as PyTorch's pooling layers name them."""
        pad = self.builtin(slide)
        kwargs: dict[str, Constant] = {"kernel_size": single(slide.kernel)}
        if slide.stride != slide.kernel:
            kwargs["stride"] = single(slide.stride)
        if pad and any(pad):
            kwargs["padding"] = single(pad)
        if set(slide.dilation) != {1}:
            kwargs["dilation"] = single(slide.dilation)
        if self.ceil:
            kwargs["ceil_mode"] = True
        return kwargs

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        _, *sizes = inputs[0]
        if self.to is None:
            slide = self.slide(len(sizes))
            return window(len(sizes), slide.kernel, slide.stride, slide.dilation, slide.sides(*sizes)[::2])
        if set(self.to) == {1}:
            return None
        # an adaptive window reaches from floor(i*n/m) to ceil((i+1)*n/m); this is the largest
        kernel = tuple(-(-(n + m - gcd(n, m)) // m) for n, m in zip(sizes, self.to, strict=True))
        return window(len(sizes), kernel, tuple(max(n // m, 1) for n, m in zip(sizes, self.to, strict=True)))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        _, *sizes = inputs[0]
        if self.to is not None:
            if any(n % m for n, m in zip(sizes, self.to, strict=True)):
                return self
            kernel = tuple(n // m for n, m in zip(sizes, self.to, strict=True))
            return self.model_copy(update={"kernel": kernel, "stride": kernel, "pad": (0, 0) * len(sizes), "to": None})
        slide = self.slide(len(sizes))
        ceil = self.ceil and slide.pool_sizes(*sizes) != slide._replace(ceil=False).pool_sizes(*sizes)
        changes = {"kernel": slide.kernel, "stride": slide.stride, "pad": slide.sides(*sizes), "ceil": ceil}
        return self.model_copy(update=changes)
