"""`lrn`: local response normalization."""

from __future__ import annotations

from math import prod

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.definition import definition, suffix
from netdsl.ops.shared.fields import Count, Finite, Flag, NonNegative, absent
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

WITHIN = '''class LocalResponseNormWithin{suffix}(nn.Module):
    """Local response normalization over the neighbours in the plane of each channel; zeros around it count."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        mean = F.avg_pool{d}d({squares}, self.size, 1{padding})
        return x / (self.k + self.alpha * mean) ** self.beta
'''


class LocalResponseNorm(Operator):
    """Local response normalization: each value over a power of the squares of its neighbours in other channels.

    y_i = x_i / (k + alpha / size * sum_j x_j^2)^beta, j over the `size` channels around i, cut at the ends. The shape
    of C x H x W stays. `within=true` is over the size x size window around the pixel, in each channel by itself: the
    mean of the squares in place of their sum over `size`, zeros around the plane counted (Caffe's WITHIN_CHANNEL, with
    k=1).

    Source: Krizhevsky, Sutskever, Hinton, 2012, section 3.3. The paper does not divide alpha by the size, cuda-convnet,
    Caffe and PyTorch do: the paper's printed formula is `lrn(alpha=5e-4)`, Caffe's default k is 1.
    PyTorch: `nn.LocalResponseNorm`.
    """

    family = Family.NORMALIZATION
    any_channels = True
    aliases = ("local response norm", "local response normalization", "localresponsenorm", "localrespnorm")

    size: Count = 5
    """Number of channels in the window."""
    alpha: NonNegative = 1e-4
    """Weight of the mean of the squares."""
    beta: Finite = 0.75
    """The power."""
    k: NonNegative = 2.0
    """What is added; with 0, a place whose neighbours are all 0 has no value."""

    within: Flag = Field(False, exclude_if=absent)
    """Look at the neighbours in the plane of each channel instead, in a window of `size`."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if not self.k and not self.alpha:
            raise OpError("`k` and `alpha` are both 0, so that everything would be divided by 0", at="k")
        if self.within and self.size % 2 == 0:
            raise OpError(
                f"`size` (={self.size}) must be odd with `within=true`, so that the window has a middle", at="size"
            )
        return plane(self.name, inputs[0])

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, its squares (with their padding where the class here or PyTorch pads them), the sum of neighbours,
        and its power; the gradient of a quotient is a product of three."""
        channels, *sizes = inputs[0]
        if not self.within:
            squares = (channels + self.size - 1) * prod(sizes)
        else:
            padding = self.size - 1 if len(sizes) == 3 else 0
            squares = channels * prod(n + padding for n in sizes)
        size = prod(inputs[0])
        return Saved((0,), own=2 * size + squares, passing=3 * size)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {}
        if self.alpha != 1e-4:
            kwargs["alpha"] = self.alpha
        if self.beta != 0.75:
            kwargs["beta"] = self.beta
        if self.k != 1.0:
            kwargs["k"] = self.k
        if self.within:
            rank = len(inputs[0]) - 1
            call = Call(f"LocalResponseNormWithin{suffix(rank)}", (self.size,), kwargs)
            squares, padding = "x.square()", ", self.size // 2"
            if rank == 3:  # PyTorch refuses a clip that is smaller than the window before it is padded
                squares, padding = "F.pad(x.square(), [self.size // 2] * 6)", ""
            return Torch(call, definitions=(definition(WITHIN, rank, squares=squares, padding=padding),))
        return Torch(Call("nn.LocalResponseNorm", (self.size,), kwargs))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        rank = len(inputs[0]) - 1
        size = self.size if self.within else 1
        return window(rank, (size,) * rank, pad=(size // 2,) * rank)
