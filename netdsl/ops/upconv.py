"""`upconv`: transposed convolution."""

from __future__ import annotations

from math import prod
from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Constant, Family, Geometry, Torch, Window, window
from netdsl.ops.shared.checks import bounded, divides, plane
from netdsl.ops.shared.definition import definition, each
from netdsl.ops.shared.fields import Count, Cut, Flag, Frozen, Offsets, Sizes
from netdsl.ops.shared.init import BiasInitial, Initial
from netdsl.ops.shared.linear import Linear
from netdsl.ops.shared.padding import Sides, Slide, doubled, pairs, reversed_sides, shown, shown_sides, single
from netdsl.shapes import Shape, extent, transposed_size
from netdsl.text.diagnostics import OpError

CROPPED = '''class CroppedConvTranspose{d}d(nn.ConvTranspose{d}d):
    """Transposed convolution that takes `sides` ({sides}) away from what comes out."""

    def __init__(self, *args, sides: tuple[{pairs}], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sides = sides

    def forward(self, x: Tensor) -> Tensor:
        {sides} = self.sides
        x = F.conv_transpose{d}d(
            x, self.weight, self.bias, self.stride, 0, self.output_padding, self.groups, self.dilation
        )
        return F.pad(x, [{away}])
'''


class UpConv(Linear):
    """Transposed convolution: `upconv2-64/2` doubles height and width and gives 64 channels.

    A CxHxW input gives channels x H' x W' with H' = (H-1)*stride - 2*pad + (k-1)*dilation + 1 + out_pad: the step
    backwards through a convolution, also called up-convolution (Ronneberger et al., U-Net, 2015) or deconvolution.
    `pad` takes away so many rows on each side; `same` (odd kernels: (k-1)*dilation/2 a side, s - 1 added below and
    right) and `tf`, as TensorFlow's SAME, give H*stride.

    `init=lecun` looks at the inputs of a unit, as it does everywhere. Kaiming and Xavier look at the shape of the
    matrix, as PyTorch does, which lies the other way round here: their fan_in is of the outputs, their fan_out of the
    inputs.

    PyTorch: `nn.ConvTranspose2d`.
    """

    family = Family.CONVOLUTION
    geometry = Geometry(kernel="kernel", out="channels", stride="stride")
    called = "up-conv"
    aliases = ("deconv", "up-conv", "transposed convolution", "convtranspose")

    kernel: Sizes
    """Height x width of the kernels."""
    channels: Count
    """Output channels."""
    stride: Sizes = (1,)
    """By how much height and width grow."""
    pad: Cut = (0,)
    """Rows and columns taken away on each side: same, valid (none), tf (TensorFlow's SAME), or numbers."""
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
        if isinstance(self.pad, str) and self.pad != "valid" and any(self.out_pad):
            raise ValueError(f"`pad={self.pad}` says what comes out; leave out `out_pad`")
        rank = max(map(len, (self.out_pad, self.stride, self.dilation)))
        spread = (sizes * rank if len(sizes) == 1 else sizes for sizes in (self.out_pad, self.stride, self.dilation))
        for out_pad, stride, dilation in zip(*spread, strict=False):
            if out_pad >= max(stride, dilation):
                raise ValueError(
                    f"`out_pad` (={shown(self.out_pad)}) must be smaller than the stride {shown(self.stride)} "
                    f"or the dilation {shown(self.dilation)}"
                )
        return self

    @property
    def cut(self) -> tuple[Sides, tuple[int, ...]]:
        """[top, bottom, left, right] taken away, and rows and columns added below and right.

        `same` and `tf` give n * stride. Raises `OpError` for `same` with an even kernel.
        """
        rank = len(self.kernel)
        if self.pad == "same":
            half = Slide(self.name, self.kernel, self.stride, self.dilation).odd()
            return doubled(half), tuple(stride - 1 for stride in self.stride)
        if self.pad == "tf":
            over = tuple(extent(k, d) - s for k, d, s in zip(self.kernel, self.dilation, self.stride, strict=True))
            less = tuple(max(each, 0) for each in over)
            sides = tuple(side for each in less for side in (each // 2, each - each // 2))
            return sides, tuple(max(-each, 0) for each in over)
        pad = self.pad if isinstance(self.pad, tuple) else (0,) * rank
        return doubled(pad) if len(pad) == rank else pad, self.out_pad

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        divides(self.groups, channels, "input channels")
        divides(self.groups, self.channels, "output channels")
        sides, out_pad = self.cut
        out = tuple(
            transposed_size(n, self.kernel[i], self.stride[i], sum(pairs(sides)[i]), out_pad[i], self.dilation[i])
            for i, n in enumerate(sizes)
        )
        if any(size < 1 for size in out):
            raise OpError(f"`pad` (={shown_sides(sides)}) takes away all rows or columns of the output", at="pad")
        return bounded(self.name, (self.channels, *out))

    def matrix(self, channels: int) -> tuple[Shape, int]:
        return (channels, self.channels // self.groups, *self.kernel), self.channels

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return prod(inputs[0]) * (self.channels // self.groups) * prod(self.kernel)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {"kernel_size": single(self.kernel)}
        if set(self.stride) != {1}:
            kwargs["stride"] = single(self.stride)
        sides, out_pad = self.cut
        alike = sides[::2] == sides[1::2]
        if alike and any(sides):
            kwargs["padding"] = single(sides[::2])
        if any(out_pad):
            kwargs["output_padding"] = single(out_pad)
        if self.groups != 1:
            kwargs["groups"] = self.groups
        if not self.bias:
            kwargs["bias"] = False
        if set(self.dilation) != {1}:
            kwargs["dilation"] = single(self.dilation)
        rank = len(self.kernel)
        if alike:
            return self.drawn(Call(f"nn.ConvTranspose{rank}d", (inputs[0][0], self.channels), kwargs))
        kwargs["sides"] = reversed_sides(sides)
        call = Call(f"CroppedConvTranspose{rank}d", (inputs[0][0], self.channels), kwargs)
        return self.drawn(call, definition(CROPPED, rank, away=each("-{before}, -{after}", rank, last_first=True)))

    def drawn(self, call: Call, *definitions: str) -> Torch:
        """As of any linear layer; but the matrix lies the other way round, so a unit's inputs are counted along it."""
        made = super().drawn(call, *definitions)
        inputs = "{m}.weight[:, 0].numel()" + (f" * {self.groups}" if self.groups > 1 else "")
        return made._replace(init=tuple(each.replace("{m}.weight[0].numel()", inputs) for each in made.init))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        sides, out_pad = self.cut
        pad = sides[::2] if sides[::2] == sides[1::2] else sides
        return self.model_copy(update={"pad": pad, "out_pad": out_pad, "init": None, "bias_init": None})

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        away = self.cut[0][::2]
        pad = tuple(extent(k, d) - 1 - p for k, d, p in zip(self.kernel, self.dilation, away, strict=True))
        return window(len(pad), self.kernel, (), self.dilation, pad, upscale=self.stride)
