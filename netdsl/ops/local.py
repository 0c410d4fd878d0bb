"""`local`: a convolution with weights of its own at every place."""

from __future__ import annotations

from math import prod
from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Operator, Saved, Torch, Weight, Window, window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.fields import Count, Flag, Frozen, Pad, Sizes
from netdsl.ops.shared.init import BiasInitial, Init, Initial, statements
from netdsl.ops.shared.padding import Slide, reversed_sides
from netdsl.shapes import Shape

LOCAL = '''class LocallyConnected{d}d(nn.Module):
    """A convolution with weights of its own at every place of what comes out, of which there are `size`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: tuple[{ints}],
        kernel_size: tuple[{ints}],
        stride: tuple[{ints}] = {ones},
        sides: tuple[{pairs}] = {nothing},
        dilation: tuple[{ints}] = {ones},
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.size, self.kernel_size, self.stride = size, kernel_size, stride
        self.sides, self.dilation = sides, dilation
        inputs, places = in_channels * {volume}, {places}
        self.weight = nn.Parameter(torch.empty(places, out_channels, inputs))
        nn.init.uniform_(self.weight, -(inputs**-0.5), inputs**-0.5)
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_channels, *size)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
        x = F.pad(x, [{sides}])
{seen}
        x = x.permute({order}).flatten({inside}).flatten(0, {outside})
        out = (self.weight @ x.transpose(1, 2)).permute(2, 1, 0)
        out = out.reshape(out.shape[0], out.shape[1], {sizes})
        bias = self.bias
        return out if bias is None else out + bias
'''
SEEN = """        size = self.dilation[{axis}] * (self.kernel_size[{axis}] - 1) + 1
        x = x.unfold({place}, size, self.stride[{axis}])[..., :: self.dilation[{axis}]]"""


class Local(Operator):
    """Locally connected: `local3-64` is a 3x3 convolution whose weights are its own at every place.

    Shapes and multiply-adds are those of `conv`. The weights are `weight` (places, channels, C*kh*kw), the places row
    by row, and `bias` (channels, H', W'): a number for each place and channel. It is for planes of one size.

    Source: Taigman et al., DeepFace, 2014, section 3; the layers L3 and L4 of cuda-convnet's cifar-10 networks
    (Krizhevsky 2012). PyTorch: `Tensor.unfold` and a batched product.
    """

    family = Family.CONVOLUTION
    geometry = Geometry(kernel="kernel", out="channels", stride="stride")
    called = "local conv"
    aliases = ("locally connected", "locally-connected", "local convolution")
    followed_by = ("norm", "act")
    weight_layer = True
    example_input = "64x14x14"

    kernel: Sizes
    """Height x width of the kernels."""
    channels: Count
    """Output channels."""
    stride: Sizes = (1,)
    """Step of the kernel."""
    pad: Pad = "same"
    """Pixels of zeros around the input: same, valid (none), tf (TensorFlow's SAME), or numbers."""
    dilation: Sizes = (1,)
    """Distance between the kernel's taps."""
    bias: Flag = True
    """Add a learned bias for each place and output channel."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bias_init is not None and not self.bias:
            raise ValueError("`bias_init` needs `bias=true`")
        if isinstance(self.init, Init) and self.init.fanned:
            name = self.init.name
            raise ValueError(f"`init={name}` reads a fan from one matrix, not of each place; take normal or uniform")
        return self

    @property
    def slide(self) -> Slide:
        return Slide(self.name, self.kernel, self.stride, self.dilation, self.pad)

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, *sizes = plane(self.name, inputs[0])
        return bounded(self.name, (self.channels, *self.slide.conv(*sizes)))

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        out = self.shape(inputs)
        shape = (prod(out[1:]), self.channels, inputs[0][0] * prod(self.kernel))
        found = {"weight": Weight(shape, not self.frozen)}
        if self.bias:
            found["bias"] = Weight(out, not self.frozen)
        return found

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return prod(self.shape(inputs)) * inputs[0][0] * prod(self.kernel)

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """What each place sees, for the gradient of weights that are trained."""
        if self.frozen:
            return Saved()
        return Saved(own=prod(self.shape(inputs)[1:]) * inputs[0][0] * prod(self.kernel))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(self.kernel)
        sides = self.slide.sides(*inputs[0][1:])
        kwargs: dict[str, Constant] = {"kernel_size": self.kernel}
        if set(self.stride) != {1}:
            kwargs["stride"] = self.stride
        if any(sides):
            kwargs["sides"] = reversed_sides(sides)
        if set(self.dilation) != {1}:
            kwargs["dilation"] = self.dilation
        if not self.bias:
            kwargs["bias"] = False
        text = definition(
            LOCAL,
            rank,
            nothing=str((0, 0) * rank),
            places=each("size[{axis}]", rank, " * "),
            sizes=each("self.size[{axis}]", rank),
            seen=each(SEEN, rank, "\n"),
            order=", ".join(map(str, (*range(2, rank + 2), 0, 1, *range(rank + 2, 2 * rank + 2)))),
            inside=str(rank + 1),
            outside=str(rank - 1),
        )
        call = Call(f"LocallyConnected{rank}d", (inputs[0][0], self.channels, self.shape(inputs)[1:]), kwargs)
        return Torch(call, None, (text,), statements(self.init, bias=self.bias_init), self.frozen)

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        before = self.slide.sides(*inputs[0][1:])[::2]
        return window(len(before), self.kernel, self.stride, self.dilation, before)

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        sides = self.slide.sides(*inputs[0][1:])
        return self.model_copy(update={"pad": sides, "init": None, "bias_init": None})
