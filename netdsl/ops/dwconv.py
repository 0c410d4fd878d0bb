"""`dwconv`: depthwise convolution."""

from __future__ import annotations

from netdsl.ops.conv import Conv
from netdsl.ops.shared.base import Geometry, Operator
from netdsl.ops.shared.conv import Convolution
from netdsl.ops.shared.fields import Count, Flag, Frozen, Pad, Sizes
from netdsl.ops.shared.init import BiasInitial, Initial
from netdsl.shapes import Shape


class DwConv(Convolution):
    """Depthwise convolution: `dwconv3/2` is one 3x3 kernel for each channel, stride 2.

    A CxHxW input gives (mult*C) x H' x W', sizes as for `conv`; output channels k*mult to k*mult + mult - 1 see input
    channel k. Followed by `conv1-N` it is a separable convolution (Howard et al., MobileNets, 2017, section 3.1; the
    first layer of BN-Inception with mult=8).

    PyTorch: `nn.Conv2d` with `groups` equal to the input channels.
    """

    geometry = Geometry(kernel="kernel", stride="stride")
    called = "depthwise conv"
    aliases = ("depthwise convolution", "conv dw")

    kernel: Sizes
    """Height x width of the kernels."""
    stride: Sizes = (1,)
    """Step of the kernel."""
    mult: Count = 1
    """Depth multiplier: kernels for each input channel."""
    pad: Pad = "same"
    """Pixels of zeros around the input: same, valid (none), tf (TensorFlow's SAME), or numbers."""
    dilation: Sizes = (1,)
    """Distance between the kernel's taps."""
    bias: Flag = True
    """Add a learned bias for each output channel."""
    ceil: Flag = False
    """Round the output's size up, as cuda-convnet did."""
    frozen: Frozen = False
    init: Initial = None
    bias_init: BiasInitial = None

    def filters(self, channels: int) -> tuple[int, int]:
        return channels * self.mult, channels

    def canonical(self, inputs: tuple[Shape, ...]) -> Operator:
        """The `conv` that it is: one with as many groups as input channels."""
        channels, groups = self.filters(inputs[0][0])
        shared = {name: getattr(self, name) for name in type(self).model_fields if name != "mult"}
        return Conv(**shared, channels=channels, groups=groups).canonical(inputs)
