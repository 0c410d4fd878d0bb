"""`unpool`: the values back where a max pooling found them."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Self

from pydantic import Field, model_validator

from netdsl.ops.maxpool import MaxPool
from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import described
from netdsl.ops.shared.definition import definition
from netdsl.ops.shared.fields import Flag, Label, Pad, Sizes
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

UNPOOL = '''class MaxUnpool{d}d(nn.Module):
    """The values back where a max pooling of `pooled` found its maxima, zeros elsewhere."""

    def __init__(
        self,
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}],
        padding: tuple[{ints}] = {zeros},
        dilation: tuple[{ints}] = {ones},
        ceil: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.ceil = dilation, ceil

    def forward(self, x: Tensor, pooled: Tensor) -> Tensor:
        x, plane = x.flatten(2), pooled.detach()
        places = F.max_pool{d}d(
            plane, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil, return_indices=True
        )[1]
        return torch.zeros_like(plane.flatten(2)).scatter_(2, places.flatten(2), x).view_as(plane)
'''


class Unpool(Operator):
    """Unpooling: `unpool(@pool1)` puts each value back where the `maxpool` labelled pool1 found it, zeros elsewhere.

    A map of the size that the pooling gave becomes one of the size that went into it. Where windows overlap and one
    pixel is the largest of several, one of the values is kept.

    Source: Zeiler, Taylor, Fergus, Adaptive Deconvolutional Networks, 2011, section 2.2; Badrinarayanan, Kendall,
    Cipolla, SegNet, 2015, figure 3. PyTorch: `nn.MaxUnpool2d`.
    """

    family = Family.REARRANGEMENT
    aliases = ("unpooling", "max unpooling", "maxunpool")
    example = "pool1: maxpool; conv3-64; unpool(@pool1)"
    of: ClassVar = MaxPool

    pool: Label
    """The max pooling that is undone."""
    kernel: Sizes | None = Field(None, repr=False)
    """That of the pooling."""
    stride: Sizes | None = Field(None, repr=False)
    """That of the pooling."""
    pad: Pad = Field((0,), repr=False)
    """That of the pooling."""
    ceil: Flag = Field(False, repr=False)
    """That of the pooling."""
    dilation: Sizes = Field((1,), repr=False)
    """That of the pooling."""
    to: Sizes | None = Field(None, repr=False)
    """That of the pooling."""

    @model_validator(mode="after")
    def _undone(self) -> Self:
        if self.to is None:
            self.pooling  # noqa: B018  refuses what no pooling is
        return self

    @property
    def pooling(self) -> MaxPool:
        """The pooling that is undone."""
        return MaxPool(kernel=self.kernel, stride=self.stride, pad=self.pad, ceil=self.ceil, dilation=self.dilation)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.to is not None:
            raise OpError("`unpool` needs a pooling with a window; this one gives a size, `maxpool(to=...)`", at="pool")
        pooled = self.pooling.shape(inputs[1:])
        if self.pooling.builtin(self.pooling.slide(len(pooled) - 1)) is None:
            raise OpError(
                "`unpool` needs a pooling with the same padding on opposite sides, of at most half its window",
                at="pool",
            )
        if inputs[0] != pooled:
            raise OpError(
                f"`unpool` needs what the pooling gave, {described(pooled)}; the input is {described(inputs[0])}",
                at="pool",
                help="let the layers before it keep channels and plane" if len(inputs[0]) == len(pooled) else None,
            )
        return inputs[1]

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The places."""
        return Saved((), own=2 * prod(inputs[0]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        slide = self.pooling.slide(rank)
        padding = self.pooling.builtin(slide)
        settings = {"padding": padding, "dilation": slide.dilation, "ceil": self.ceil}
        usual = {"padding": (0,) * rank, "dilation": (1,) * rank, "ceil": False}
        kwargs: dict[str, Constant] = {key: item for key, item in settings.items() if item != usual[key]}
        call = Call(f"MaxUnpool{rank}d", (slide.kernel, slide.stride), kwargs)
        return Torch(call, definitions=(definition(UNPOOL, rank),))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        rank = len(inputs[0]) - 1
        return window(rank, upscale=self.pooling.slide(rank).stride)
