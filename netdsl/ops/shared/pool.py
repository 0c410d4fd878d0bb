"""What `maxpool` and `avgpool` share: a window that slides over the plane, or one that adapts to an output size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Constant, Family, Geometry, Operator, Window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.padding import Sides, Slide, single
from netdsl.shapes import Shape


class Pooling(Operator):
    """A window that gives one value of each channel. A subclass declares the fields, in the order of its arguments."""

    family = Family.POOLING
    geometry = Geometry(kernel="kernel", stride="stride")

    if TYPE_CHECKING:  # not fields here: a base class's fields would come before all others

        @property
        def kernel(self) -> tuple[int, int] | None: ...
        @property
        def stride(self) -> tuple[int, int] | None: ...
        @property
        def pad(self) -> str | Sides: ...
        @property
        def ceil(self) -> bool: ...
        @property
        def to(self) -> tuple[int, int] | None: ...

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pad == "tf" and self.ceil:
            raise ValueError("`pad=tf` rounds sizes up by itself; leave out `ceil`")
        if self.to is not None:
            for key, info in type(self).model_fields.items():
                if key != "to" and getattr(self, key) != info.default:
                    raise ValueError(f"`to` chooses the window by the size of the input; leave out `{key}`")
        return self

    @property
    def slide(self) -> Slide:
        kernel = self.kernel or (2, 2)
        return Slide(self.name, kernel, self.stride or kernel, getattr(self, "dilation", (1, 1)), self.pad, self.ceil)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0])
        return (channels, *(self.to or self.slide.pool(height, width)))

    @property
    def builtin(self) -> tuple[int, int] | None:
        """The padding that PyTorch's own pooling takes, up to half of the window; None for any other."""
        pad = self.slide.symmetric()
        return pad if pad and all(2 * p <= k for p, k in zip(pad, self.slide.kernel, strict=True)) else None

    def keywords(self) -> dict[str, Constant]:
        """Window, stride and padding as PyTorch's pooling layers name them."""
        slide, pad = self.slide, self.builtin
        kwargs: dict[str, Constant] = {"kernel_size": single(slide.kernel)}
        if slide.stride != slide.kernel:
            kwargs["stride"] = single(slide.stride)
        if pad and pad != (0, 0):
            kwargs["padding"] = single(pad)
        if slide.dilation != (1, 1):
            kwargs["dilation"] = single(slide.dilation)
        if self.ceil:
            kwargs["ceil_mode"] = True
        return kwargs

    def window(self, inputs: tuple[Shape, ...]) -> Window | None:
        _, height, width = inputs[0]
        if self.to is None:
            top, _, left, _ = self.slide.sides(height, width)
            return Window(self.slide.kernel, self.slide.stride, self.slide.dilation, (top, left))
        if self.to == (1, 1):
            return None
        # an adaptive window reaches from floor(i*n/m) to ceil((i+1)*n/m)
        kernel = tuple(-(-n // m) + (n % m != 0) for n, m in zip((height, width), self.to, strict=True))
        stride = tuple(max(n // m, 1) for n, m in zip((height, width), self.to, strict=True))
        return Window((kernel[0], kernel[1]), (stride[0], stride[1]))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        _, height, width = inputs[0]
        if self.to is not None:
            if height % self.to[0] or width % self.to[1]:
                return self
            kernel = (height // self.to[0], width // self.to[1])
            return self.model_copy(update={"kernel": kernel, "stride": kernel, "pad": (0, 0, 0, 0), "to": None})
        slide = self.slide
        ceil = self.ceil and slide.pool_sizes(height, width) != slide._replace(ceil=False).pool_sizes(height, width)
        changes = {"kernel": slide.kernel, "stride": slide.stride, "pad": slide.sides(height, width), "ceil": ceil}
        return self.model_copy(update=changes)
