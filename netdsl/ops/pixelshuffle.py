"""`pixelshuffle`: channels as squares of pixels."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Count
from netdsl.ops.shared.squares import Order, scattered, split
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

SHUFFLE = '''class {name}(nn.Module):
    """Channels, which run over {over}, as squares of r x r pixels."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        r = self.factor
        n, c, rows, columns = x.shape[0], x.shape[1] // (r * r), x.shape[2], x.shape[3]
        x = x.reshape(n, {split}, rows, columns).permute({scattered})
        return x.reshape(n, c, rows * r, columns * r)
'''
DEORG = '''class ReorgBack(nn.Module):
    """Darknet's reorganization undone: r^2*C x H x W to C x rH x rW."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        r = self.factor
        n, c, rows, columns = x.shape[0], x.shape[1] // r**4, x.shape[2] * r, x.shape[3] * r
        x = x.reshape(n, {split}, rows, columns).permute({scattered})
        return x.reshape(n, c * r * r, rows, columns)
'''
OVER = {"hwc": "row, column, channel", "whc": "column, row, channel"}


class PixelShuffle(Operator):
    """Depth to space: `pixelshuffle(2)` makes 2x2 squares of channels: r^2*C x H x W to C x r*H x r*W.

    The channels run over channel, row, column (`order=chw`, as PyTorch's), `hwc` over row, column, channel (as
    TensorFlow's `depth_to_space`), `whc` over column, row, channel; `darknet` undoes its layer `reorg`. Each undoes
    `pixelunshuffle` of the same order.

    Source: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016, eq. 4. PyTorch: `nn.PixelShuffle`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    aliases = ("pixel shuffle", "sub-pixel convolution")
    example = "pixelshuffle(2)"

    factor: Count
    """Side of the squares; its square must divide the channels."""
    order: Order = "chw"
    """What the channels run over, the slowest first."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0], 2)
        r = self.factor
        square = r**4 if self.order == "darknet" else r * r
        if channels % square:
            raise OpError(
                f"`factor` (={r}) needs channels that {square} divides, not {channels}",
                at="factor",
                help=f"put `conv1-{-(-channels // square) * square}` before it",
            )
        return bounded(self.name, (channels // (r * r), height * r, width * r))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.order == "chw":
            return Torch(Call("nn.PixelShuffle", (self.factor,)))
        back = self.order == "darknet"
        order, name = ("hwc", "ReorgBack") if back else (self.order, f"PixelShuffle{self.order.upper()}")
        template = DEORG if back else SHUFFLE
        text = template.format(name=name, over=OVER[order], split=split(order), scattered=scattered(order))
        return Torch(Call(name, (self.factor,)), definitions=(text,))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return window(2, upscale=(self.factor, self.factor))
