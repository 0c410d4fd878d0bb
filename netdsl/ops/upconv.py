"""`upconv`: transposed convolution."""

from __future__ import annotations

from math import prod
from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Torch, Window, window
from netdsl.ops.shared.checks import bounded, divides, plane
from netdsl.ops.shared.fields import Count, Flag, Frozen, Offsets, Sizes
from netdsl.ops.shared.init import BiasInitial, Initial
from netdsl.ops.shared.linear import Linear
from netdsl.ops.shared.padding import shown, single
from netdsl.shapes import Shape, extent, transposed_size
from netdsl.text.diagnostics import OpError


class UpConv(Linear):
    """Transposed convolution: `upconv2-64/2` doubles height and width and gives 64 channels.

    A CxHxW input gives channels x H' x W' with H' = (H-1)*stride - 2*pad + (k-1)*dilation + 1 + out_pad: the step
    backwards through a convolution, also called up-convolution (Ronneberger et al., U-Net, 2015) or deconvolution.
    `pad` takes away so many rows on each side.

    `init=lecun` looks at the inputs of a unit, as it does everywhere. Kaiming and Xavier look at the shape of the
    matrix, as PyTorch does, which lies the other way round here: their fan_in is of the outputs, their fan_out of the
    inputs.

    PyTorch: `nn.ConvTranspose2d`.
    """

    family = Family.CONVOLUTION
    geometry = Geometry(kernel="kernel", out="channels", stride="stride")
    aliases = ("deconv", "up-conv", "transposed convolution", "convtranspose")

    kernel: Sizes
    """Height x width of the kernels."""
    channels: Count
    """Output channels."""
    stride: Sizes = (1,)
    """By how much height and width grow."""
    pad: Offsets = (0,)
    """Rows and columns taken away on each side."""
    out_pad: Offsets = (0,)
    """Rows and columns added below and right."""
    dilation: Sizes = (1,)
    """Distance between the kernel's taps."""
    groups: Count = 1
    """Groups of channels that do not see each other."""
    bias: Flag = True
    """Add a learned bias for each output channel."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        rank = max(map(len, (self.out_pad, self.stride, self.dilation)))
        spread = (sizes * rank if len(sizes) == 1 else sizes for sizes in (self.out_pad, self.stride, self.dilation))
        for out_pad, stride, dilation in zip(*spread, strict=False):
            if out_pad >= max(stride, dilation):
                raise ValueError(
                    f"`out_pad` (={shown(self.out_pad)}) must be smaller than the stride {shown(self.stride)} "
                    f"or the dilation {shown(self.dilation)}"
                )
        return self

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        divides(self.groups, channels, "input channels")
        divides(self.groups, self.channels, "output channels")
        out = tuple(
            transposed_size(n, self.kernel[i], self.stride[i], 2 * self.pad[i], self.out_pad[i], self.dilation[i])
            for i, n in enumerate(sizes)
        )
        if min(out) < 1:
            raise OpError(f"`pad` (={shown(self.pad)}) takes away all rows or columns of the output", at="pad")
        return bounded(self.name, (self.channels, *out))

    def matrix(self, channels: int) -> tuple[Shape, int]:
        return (channels, self.channels // self.groups, *self.kernel), self.channels

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return prod(inputs[0]) * (self.channels // self.groups) * prod(self.kernel)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {"kernel_size": single(self.kernel)}
        if set(self.stride) != {1}:
            kwargs["stride"] = single(self.stride)
        if any(self.pad):
            kwargs["padding"] = single(self.pad)
        if any(self.out_pad):
            kwargs["output_padding"] = single(self.out_pad)
        if self.groups != 1:
            kwargs["groups"] = self.groups
        if not self.bias:
            kwargs["bias"] = False
        if set(self.dilation) != {1}:
            kwargs["dilation"] = single(self.dilation)
        call = Call(f"nn.ConvTranspose{len(self.kernel)}d", (inputs[0][0], self.channels), kwargs)
        return self.drawn(call)

    def drawn(self, call: Call, *definitions: str) -> Torch:
        """As of any linear layer; but the matrix lies the other way round, so a unit's inputs are counted along it."""
        made = super().drawn(call, *definitions)
        inputs = "{m}.weight[:, 0].numel()" + (f" * {self.groups}" if self.groups > 1 else "")
        return made._replace(init=tuple(each.replace("{m}.weight[0].numel()", inputs) for each in made.init))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        pad = tuple(extent(k, d) - 1 - p for k, d, p in zip(self.kernel, self.dilation, self.pad, strict=True))
        return window(len(pad), self.kernel, (), self.dilation, pad, upscale=self.stride)
