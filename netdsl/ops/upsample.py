"""`upsample`: a larger plane by interpolation."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Flag, Pair
from netdsl.ops.shared.padding import single
from netdsl.shapes import Shape


class Upsample(Operator):
    """Interpolation: `upsample(2)` doubles height and width, `upsample(to=56x56)` gives that size.

    C x H x W gives C x (factor*H) x (factor*W). `mode=nearest` repeats pixels, `bilinear` and `bicubic` interpolate
    between pixel centres, or with `align_corners=true` so that the corner pixels keep their values.

    PyTorch: `nn.Upsample`.
    """

    family = Family.REARRANGEMENT
    aliases = ("upsampling", "up-sample")

    factor: Pair | None = None
    """By how much height and width grow."""
    mode: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    """How new pixels get their values."""
    align_corners: Flag = False
    """Keep the corner pixels' values (bilinear and bicubic)."""
    to: Pair | None = None
    """The output's size, instead of a factor."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.factor is None) == (self.to is None):
            raise ValueError("say either by how much or to what size; write `upsample(2)` or `upsample(to=56x56)`")
        if self.align_corners and self.mode == "nearest":
            raise ValueError("`align_corners` needs `mode=bilinear` or `mode=bicubic`")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0])
        if self.factor is None:
            return (channels, *(self.to or (height, width)))
        return bounded(self.name, (channels, height * self.factor[0], width * self.factor[1]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = (
            {"size": single(self.to)} if self.to else {"scale_factor": single(self.factor or (1, 1))}
        )
        if self.mode != "nearest":
            kwargs["mode"] = self.mode
        if self.align_corners:
            kwargs["align_corners"] = True
        return Torch(Call("nn.Upsample", kwargs=kwargs))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        _, rows, columns = self.shape(inputs)
        upscale = max(rows // inputs[0][1], 1), max(columns // inputs[0][2], 1)
        reach = {"nearest": 0, "bilinear": 1, "bicubic": 2}[self.mode]  # pixels of the input on each side
        kernel = tuple(2 * reach * factor + 1 if factor > 1 else 1 for factor in upscale)
        return Window((kernel[0], kernel[1]), pad=(kernel[0] // 2, kernel[1] // 2), upscale=upscale)

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        _, rows, columns = self.shape(inputs)
        return self.model_copy(update={"factor": None, "to": (rows, columns)})
