"""`subsample`: LeNet-5's pooling."""

from __future__ import annotations

from math import prod
from typing import Self

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Operator, Saved, Torch, Weight, Window, window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.definition import definition, suffix
from netdsl.ops.shared.fields import Frozen, Sizes
from netdsl.ops.shared.padding import Slide
from netdsl.shapes import Shape

SUBSAMPLE = '''class Subsample{suffix}(nn.Module):
    """LeNet-5's pooling: the sum of each window times a learned coefficient, plus a learned bias, per map."""

    def __init__(self, channels: int, kernel_size: tuple[{ints}], stride: tuple[{ints}]) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        self.weight = nn.Parameter(torch.full((channels,), 1 / ({volume})))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = {summed}
        return x * self.weight.view(-1, {tail}) + self.bias.view(-1, {tail})
'''


class Subsample(Operator):
    """LeNet-5's pooling: `subsample2/2` is the sum of 2x2 windows times a learned coefficient, plus a bias, per map.

    C x H x W gives C x H' x W' with H' = floor((H - k) / stride) + 1, and 2*C parameters. The coefficients start as the
    mean. The squashing that follows it in the paper is `act=scaled_tanh`.

    Source: LeCun, Bottou, Bengio, Haffner, 1998, section II-B, layer S2.
    """

    family = Family.POOLING
    geometry = Geometry(kernel="kernel", stride="stride")
    called = "subsampling"
    aliases = ("subsampling", "sub-sampling")
    followed_by = ("act",)
    example = "subsample2/2"
    example_input = "6x28x28"

    kernel: Sizes = (2,)
    """Height x width of the window."""
    stride: Sizes | None = None
    """Step of the window; none: the window's size."""
    frozen: Frozen = False

    @property
    def slide(self) -> Slide:
        return Slide(self.name, self.kernel, self.stride or self.kernel, (1,) * len(self.kernel))

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        return (channels, *self.slide.pool(*sizes))

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        each = Weight((inputs[0][0],), not self.frozen)
        return {"weight": each, "bias": each}

    def connections(self, inputs: tuple[Shape, ...]) -> int:
        return prod(self.shape(inputs)) * (prod(self.kernel) + 1)

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, and the sums, for the gradient of coefficients that are trained."""
        return Saved((0,), own=0 if self.frozen else prod(self.shape(inputs)))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(self.kernel)
        summed = f"F.avg_pool{rank}d(x, self.kernel_size, self.stride, divisor_override=1)"
        if rank == 1:  # whose pooling has no divisor
            summed = "F.avg_pool1d(x, self.kernel_size, self.stride) * self.kernel_size[0]"
        kwargs: dict[str, Constant] = {"kernel_size": self.slide.kernel, "stride": self.slide.stride}
        call = Call(f"Subsample{suffix(rank)}", (inputs[0][0],), kwargs)
        return Torch(call, definitions=(definition(SUBSAMPLE, rank, summed=summed),), frozen=self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return window(len(self.kernel), self.slide.kernel, self.slide.stride)

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"stride": self.slide.stride})
