"""`lcn`: local contrast normalization."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Window, window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.definition import definition, each, suffix
from netdsl.ops.shared.fields import Count, Positive
from netdsl.shapes import Shape

LCN = '''class LocalContrastNorm{suffix}(nn.Module):
    """Local contrast normalization: each value less the mean around it, over the standard deviation around it.

    "Around" is a Gaussian window over the plane and all channels, its weights summing to 1 within the image. The
    deviation is no less than its own mean over the plane, nor than `eps`.
    """

    def __init__(self, size: int = 9, sigma: float = 2.25, eps: float = 1e-4) -> None:
        super().__init__()
        self.size, self.eps = size, eps
        distance = (torch.arange(size) - size // 2) / sigma
        self.register_buffer("taps", torch.exp(-0.5 * distance**2), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        inside = self.blur(torch.ones_like(x[:1, :1]))
        x = x - self.blur(x.mean(1, keepdim=True)) / inside
        deviation = (self.blur(x.square().mean(1, keepdim=True)) / inside).clamp(min=0).sqrt()
        return x / torch.maximum(deviation, deviation.mean({plane}, keepdim=True)).clamp(min=self.eps)

    def blur(self, x: Tensor) -> Tensor:
        half = self.size // 2
{blurred}
        return x
'''
BLURRED = """        {name} = F.pad(x, [{around}])
        x = torch.zeros_like(x)
        for i in range(self.size):
            x = x + self.taps[i] * {name}.narrow({place}, i, x.shape[{place}])"""


def _defined(rank: int) -> str:
    """The class for maps of this rank: a Gaussian goes one dimension after the other."""
    blurred = []
    for axis, name in enumerate(each("{name}", rank, " ").split()):
        around = ", ".join("half, half" if at == axis else "0, 0" for at in reversed(range(rank)))
        blurred.append(BLURRED.format(name=name, around=around, place=axis + 2))
    return definition(LCN, rank, plane=str(tuple(range(2, rank + 2))), blurred="\n".join(blurred))


class LocalContrastNorm(Operator):
    """Local contrast normalization: each value less the mean around it, over the standard deviation around it.

    With Gaussian weights w over a size x size window and all channels that sum to 1 (at the borders: over the pixels
    inside): v = x - sum w * x, then y = v / max(c, s) with s = sqrt(sum w * v^2) and c the mean of s over the plane,
    at least `eps`. The shape of C x H x W stays. It has no parameters and counts no multiply-adds.

    Source: Jarrett, Kavukcuoglu, Ranzato, LeCun, What is the Best Multi-Stage Architecture for Object Recognition?,
    2009, section 2. The paper does not print the Gaussian's width; a quarter of the window is Torch7's.
    """

    family = Family.NORMALIZATION
    aliases = ("local contrast norm", "local contrast normalization")

    size: Count = 9
    """Side of the window, odd."""
    sigma: Positive | None = None
    """Standard deviation of the Gaussian in pixels; none: size / 4."""
    eps: Positive = 1e-4
    """The least deviation that is divided by."""

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.size % 2 == 0:
            raise ValueError(f"`size` (={self.size}) must be odd, so that the window has a middle")
        if self.size > 255:
            raise ValueError(f"`size` (={self.size}) must be at most 255")
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return plane(self.name, inputs[0])

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        sigma = self.size / 4 if self.sigma is None else self.sigma
        settings = {"size": self.size, "sigma": sigma, "eps": self.eps}
        usual = {"size": 9, "sigma": 2.25, "eps": 1e-4}
        kwargs: dict[str, Constant] = {key: value for key, value in settings.items() if value != usual[key]}
        rank = len(inputs[0]) - 1
        return Torch(Call(f"LocalContrastNorm{suffix(rank)}", kwargs=kwargs), definitions=(_defined(rank),))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        # the mean of values that are themselves less their means; the mean deviation of the plane is left aside
        rank = len(inputs[0]) - 1
        return window(rank, (2 * self.size - 1,) * rank, pad=(self.size - 1,) * rank)

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"sigma": self.size / 4 if self.sigma is None else self.sigma})
