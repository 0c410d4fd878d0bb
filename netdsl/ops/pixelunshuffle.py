"""`pixelunshuffle`: squares of pixels as channels."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import bounded, plane
from netdsl.ops.shared.fields import Count
from netdsl.ops.shared.squares import Order, gathered
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import OpError

UNSHUFFLE = '''class {name}(nn.Module):
    """Squares of r x r pixels as channels, which run over {over}."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        r = self.factor
        n, c, rows, columns = x.shape
        x = x.reshape(n, c, rows // r, r, columns // r, r).permute({gathered})
        return x.reshape(n, c * r * r, rows // r, columns // r)
'''
REORG = '''class Reorg(nn.Module):
    """Darknet's reorganization: the values as C/r^2 x rH x rW, whose squares become channels, and read anew."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        r = self.factor
        n, c, rows, columns = x.shape
        x = x.reshape(n, c // (r * r), rows, r, columns, r).permute({gathered})
        return x.reshape(n, c * r * r, rows // r, columns // r)
'''
OVER = {"hwc": "row, column, channel", "whc": "column, row, channel"}


class PixelUnshuffle(Operator):
    """Space to depth: `pixelunshuffle(2)` makes channels of 2x2 squares: C x H x W to r^2*C x H/r x W/r.

    The new channels run over channel, row, column (`order=chw`, as PyTorch's), `hwc` over row, column, channel (as
    TensorFlow's `space_to_depth`), `whc` over column, row, channel (Swin's patch merging). `darknet` is its layer
    `reorg`: the values are read as C/r^2 x rH x rW, whose squares become channels as in `hwc`, and what comes out is
    read as r^2*C x H/r x W/r. `pixelshuffle` undoes each.

    Source: the passthrough of Redmon and Farhadi, YOLO9000, 2017, section 2; Liu et al., Swin Transformer, 2021,
    section 3.1; for `darknet` its `reorg_cpu`. PyTorch: `nn.PixelUnshuffle`.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    aliases = ("pixel unshuffle",)
    example = "pixelunshuffle(2)"

    factor: Count
    """Side of the squares; must divide height and width."""
    order: Order = "chw"
    """What the new channels run over, the slowest first."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0], 2)
        r = self.factor
        if height % r or width % r:
            raise OpError(
                f"`factor` (={r}) must divide height and width of the {text(inputs[0])} input",
                at="factor",
                help="`pad` the plane to a multiple",
            )
        if self.order == "darknet" and channels % (r * r):
            raise OpError(f"`order=darknet` needs channels that {r * r} divides, not {channels}", at="order")
        return bounded(self.name, (channels * r * r, height // r, width // r))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.order == "chw":
            return Torch(Call("nn.PixelUnshuffle", (self.factor,)))
        if self.order == "darknet":
            return Torch(Call("Reorg", (self.factor,)), definitions=(REORG.format(gathered=gathered("hwc")),))
        name = f"PixelUnshuffle{self.order.upper()}"
        text = UNSHUFFLE.format(name=name, over=OVER[self.order], gathered=gathered(self.order))
        return Torch(Call(name, (self.factor,)), definitions=(text,))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        square = (self.factor, self.factor)
        return window(2, square, square)
