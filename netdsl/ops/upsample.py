"""`upsample`: a plane of another size by interpolation."""

from __future__ import annotations

from math import floor
from typing import Literal, Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane, same_rank
from netdsl.ops.shared.fields import Factors, Flag, Reference, Sizes, absent
from netdsl.ops.shared.padding import shown, single
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

ANTIALIASED = '''class AntialiasedResize(nn.Module):
    """An image in another size, `to` height and width or by factors; what is made smaller is blurred first."""

    def __init__(
        self,
        mode: str,
        to: tuple[int, int] | None = None,
        factor: tuple[float, float] | None = None,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.mode, self.to, self.factor, self.align_corners = mode, to, factor, align_corners

    def forward(self, x: Tensor) -> Tensor:
        factor = None if self.factor is None else list(self.factor)
        size = None if self.to is None else list(self.to)
        return F.interpolate(x, size, factor, self.mode, self.align_corners, antialias=True)
'''


class Upsample(Operator):
    """Interpolation: `upsample(2)` doubles height and width, `upsample(to=56x56)` gives that size, smaller ones too.

    C x H x W gives C x floor(factor*H) x floor(factor*W), or with `like=@x` the plane of that value. `mode=nearest`
    repeats pixels from the top left on, `nearest_exact` by their centres; `linear` (on images: `bilinear`) and
    `bicubic` interpolate between pixel centres, or with `align_corners=true` so that the corner pixels keep their
    values; `area` takes the mean of what a pixel covers. `antialias=true` blurs what is made smaller.

    PyTorch: `nn.Upsample`, `F.interpolate`.
    """

    family = Family.REARRANGEMENT
    any_channels = True
    aliases = ("upsampling", "up-sample")
    example = "upsample(2)"

    factor: Factors | None = None
    """By how much height and width grow."""
    mode: Literal["nearest", "bilinear", "bicubic", "linear", "area", "nearest_exact"] = "nearest"
    """How new pixels get their values."""
    align_corners: Flag = False
    """Keep the corner pixels' values (linear, bilinear and bicubic)."""
    to: Sizes | None = None
    """The output's size, instead of a factor."""
    like: Reference = Field(None, exclude_if=absent)
    """The value whose plane's size it takes, instead of a factor."""
    antialias: Flag = Field(False, exclude_if=absent)
    """Blur what is made smaller (bilinear and bicubic)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(each is not None for each in (self.factor, self.to, self.like)) != 1:
            raise ValueError("say either by how much or to what size; write `upsample(2)` or `upsample(to=56x56)`")
        if self.align_corners and self.mode in ("nearest", "nearest_exact", "area"):
            raise ValueError("`align_corners` needs `mode=bilinear` or `mode=bicubic`")
        if self.antialias and self.mode not in ("linear", "bilinear", "bicubic"):
            raise ValueError("`antialias` needs `mode=bilinear` or `mode=bicubic`")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        rank = len(sizes)
        if rank != 2 and (self.mode in ("bilinear", "bicubic") or self.antialias):
            word = "antialias" if self.antialias else "mode"
            raise OpError(
                f"`{word}={'true' if self.antialias else self.mode}` is for images; the map has {rank} "
                f"dimension{'s' * (rank > 1)}",
                at=word,
                help="`mode=linear` goes over any number of dimensions",
            )
        if self.like is not None:
            return (channels, *same_rank(self.name, inputs))
        if self.factor is None:
            return (channels, *(self.to or sizes))
        out = tuple(scaled(n, factor) for n, factor in zip(sizes, self.factor, strict=True))
        if any(size < 1 for size in out):
            raise OpError(
                f"`factor` leaves nothing of the {shown(tuple(sizes))} input: {shown(out)}",
                at="factor",
                help="give the size: `upsample(to=...)`",
            )
        return bounded(self.name, (channels, *out))

    def _mode(self, rank: int) -> str:
        """PyTorch's word for the mode."""
        if self.mode == "linear":
            return ("linear", "bilinear", "trilinear")[rank - 1]
        return self.mode.replace("_", "-")

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """Nothing; PyTorch's mean of what a pixel covers keeps its input."""
        return Saved((0,)) if self.mode == "area" and set(self.shape(inputs)[1:]) != {1} else Saved()

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        mode = self._mode(len(inputs[0]) - 1)
        if self.like is not None:
            words = ["{0}", "size={1}.shape[2:]"]
            words += [f'mode="{mode}"'] * (mode != "nearest")
            words += ["align_corners=True"] * self.align_corners + ["antialias=True"] * self.antialias
            return Torch(expression=f"F.interpolate({', '.join(words)})")
        factor = None if self.factor is None else tuple(map(_plain, self.factor))
        if self.antialias:
            settings: dict[str, Constant] = {"to": self.to} if factor is None else {"factor": tuple(map(float, factor))}
            if self.align_corners:
                settings["align_corners"] = True
            return Torch(Call("AntialiasedResize", (mode,), settings), definitions=(ANTIALIASED,))
        kwargs: dict[str, Constant] = {"scale_factor": _single(factor)} if factor is not None else {}
        if self.to is not None:
            kwargs["size"] = single(self.to)
        if mode != "nearest":
            kwargs["mode"] = mode
        if self.align_corners:
            kwargs["align_corners"] = True
        return Torch(Call("nn.Upsample", kwargs=kwargs))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        axes = list(zip(self.shape(inputs)[1:], inputs[0][1:], strict=True))
        upscale = tuple(max(out // n, 1) for out, n in axes)
        stride = tuple(max(n // out, 1) for out, n in axes)
        reach = {"nearest": 0, "nearest_exact": 0, "area": 0, "bicubic": 2}.get(self.mode, 1)  # pixels on each side
        blurred = self.antialias or self.mode == "area"
        kernel, pad = [], []
        for grown, shrunk in zip(upscale, stride, strict=True):
            if shrunk > 1:
                kernel.append(max(2 * reach, 1) * (shrunk if blurred else 1))
                pad.append(0 if self.mode == "nearest" else (kernel[-1] - shrunk) // 2)
            elif grown > 1 and reach:
                kernel.append((2 * reach - 1) * grown + 1)
                pad.append(kernel[-1] // 2)
            else:
                kernel.append(1)
                pad.append(0)
        return window(len(kernel), tuple(kernel), stride, pad=tuple(pad), upscale=upscale)

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        mode = "bilinear" if self.mode == "linear" and len(inputs[0]) == 3 else self.mode
        changes = {"factor": None, "to": self.shape(inputs)[1:], "mode": mode}
        exact = self.factor is None or all(isinstance(each, int) or each.is_integer() for each in self.factor)
        if self.like is not None or not exact:  # PyTorch interpolates by the factor, not by the sizes
            changes = {"mode": mode}
        return self.model_copy(update=changes)


def scaled(n: int, factor: float) -> int:
    """A size by a factor, rounded down, as PyTorch does."""
    return n * factor if isinstance(factor, int) else floor(n * factor)


def _single(factors: tuple[float, ...]) -> float | tuple[float, ...]:
    """Equal factors as the one that PyTorch takes for them."""
    return factors[0] if len(set(factors)) == 1 else factors


def _plain(factor: float) -> float:
    """A factor as the least that PyTorch needs: 2 for 2.0."""
    return int(factor) if isinstance(factor, float) and factor.is_integer() else factor
