"""`crop`: the plane without its border."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Torch, Window
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Pair
from netdsl.ops.shared.fields import Sides as SidesField
from netdsl.ops.shared.padding import Sides, shown
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

CROP = '''class Crop(nn.Module):
    """The plane without `top` and `bottom` rows and `left` and `right` columns."""

    def __init__(self, top: int, bottom: int, left: int, right: int):
        super().__init__()
        self.top, self.bottom, self.left, self.right = top, bottom, left, right

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, self.top : x.shape[2] - self.bottom, self.left : x.shape[3] - self.right]
'''

CENTER = '''class CenterCrop(nn.Module):
    """The middle of the plane, of the given height and width; where it cannot be exact, nearer to the top and left."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top, left = (x.shape[2] - self.height) // 2, (x.shape[3] - self.width) // 2
        return x[:, :, top : top + self.height, left : left + self.width]
'''


class Crop(Operator):
    """Cropping: `crop(4)` takes four rows and columns away on each side, `crop(to=56x56)` leaves the middle 56x56.

    `crop(1x0)` is height x width, `crop([0, 1, 0, 1])` top, bottom, left, right. The middle begins at
    floor((H - height) / 2), floor((W - width) / 2).

    Source: "copy and crop" of Ronneberger, Fischer, Brox, U-Net, 2015, figure 1.
    """

    family = Family.REARRANGEMENT
    aliases = ("center crop", "centre crop")

    sides: SidesField | None = None
    """Pixels taken away on each side."""
    to: Pair | None = None
    """Height x width of the middle that is left."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.sides is None) == (self.to is None):
            raise ValueError("say either how much to take away or what is left; write `crop(4)` or `crop(to=56x56)`")
        return self

    def taken(self, inputs: tuple[Shape, ...]) -> Sides:
        """[top, bottom, left, right] for this input."""
        if self.sides is not None or self.to is None:
            return self.sides or (0, 0, 0, 0)
        _, height, width = inputs[0]
        top, left = (height - self.to[0]) // 2, (width - self.to[1]) // 2
        return top, height - self.to[0] - top, left, width - self.to[1] - left

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = plane(self.name, inputs[0])
        if self.to is not None:
            if self.to[0] > height or self.to[1] > width:
                raise OpError(f"`to` (={shown(self.to)}) is larger than the {height}x{width} input", at="to")
            return (channels, *self.to)
        top, bottom, left, right = self.taken(inputs)
        if top + bottom >= height or left + right >= width:
            raise OpError(
                f"cropping {top + bottom} rows and {left + right} columns leaves nothing of the {height}x{width} input",
                at="sides",
                help=f"take at most {height - 1} rows and {width - 1} columns",
            )
        return channels, height - top - bottom, width - left - right

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        if self.to is not None:
            return Torch(Call("CenterCrop", self.to), definitions=(CENTER,))
        top, bottom, left, right = self.taken(inputs)
        return Torch(
            Call("Crop", kwargs={"top": top, "bottom": bottom, "left": left, "right": right}), definitions=(CROP,)
        )

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        top, _, left, _ = self.taken(inputs)
        return Window(pad=(-top, -left))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self.model_copy(update={"sides": self.taken(inputs), "to": None})
