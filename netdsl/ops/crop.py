"""`crop`: the plane without its border."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Window, window
from netdsl.ops.shared.checks import plane, same_rank
from netdsl.ops.shared.definition import definition, each, suffix
from netdsl.ops.shared.fields import Reference, Sizes, absent
from netdsl.ops.shared.fields import Sides as SidesField
from netdsl.ops.shared.padding import Sides, pairs, shown
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

CROP = '''class Crop{suffix}(nn.Module):
    """The plane without {edges}."""

    def __init__(self, {takes}) -> None:
        super().__init__()
        {own} = {given}

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, {kept}]
'''

CENTER = '''class CenterCrop{suffix}(nn.Module):
    """The middle of the plane, of the given {sizes}; where it cannot be exact, nearer to the {near}."""

    def __init__(self, {takes}) -> None:
        super().__init__()
        {own} = {given}

    def forward(self, x: Tensor) -> Tensor:
        {befores} = {starts}
        return x[:, :, {kept}]
'''


LIKE = '''class CropLike{suffix}(nn.Module):
    """The middle of the plane, as large as that of `like`; where it cannot be exact, nearer to the {near}."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        {befores} = {starts}
        return x[:, :, {kept}]
'''


class Crop(Operator):
    """Cropping: `crop(4)` takes four rows and columns away on each side, `crop(to=56x56)` leaves the middle 56x56.

    `crop(like=@x)` leaves as much as the plane of @x has. `crop(1x0)` is height x width, `crop([0, 1, 0, 1])` top,
    bottom, left, right. The middle begins at
    floor((H - height) / 2), floor((W - width) / 2).

    Source: "copy and crop" of Ronneberger, Fischer, Brox, U-Net, 2015, figure 1.
    """

    family = Family.REARRANGEMENT
    keeps = Saved()
    any_channels = True
    aliases = ("center crop", "centre crop")
    example = "crop(4)"

    sides: SidesField | None = None
    """Pixels taken away on each side."""
    to: Sizes | None = None
    """Height x width of the middle that is left."""
    like: Reference = Field(None, exclude_if=absent)
    """The value whose plane's size is left."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(each is not None for each in (self.sides, self.to, self.like)) != 1:
            raise ValueError("say either how much to take away or what is left; write `crop(4)` or `crop(to=56x56)`")
        return self

    def left(self, inputs: tuple[Shape, ...]) -> tuple[int, ...] | None:
        """The size of the middle that is left, where that is said."""
        return same_rank(self.name, inputs) if self.like is not None else self.to

    @property
    def view(self) -> bool:
        return True

    def taken(self, inputs: tuple[Shape, ...]) -> Sides:
        """[top, bottom, left, right] for this input."""
        left = self.left(inputs)
        if left is None:
            assert self.sides is not None
            return self.sides
        before = tuple((n - m) // 2 for n, m in zip(inputs[0][1:], left, strict=True))
        return tuple(side for n, m, b in zip(inputs[0][1:], left, before, strict=True) for side in (b, n - m - b))

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sizes = plane(self.name, inputs[0])
        left = self.left(inputs)
        if left is not None:
            if any(m > n for n, m in zip(sizes, left, strict=True)):
                word = "to" if self.like is None else "like"
                raise OpError(f"`{word}` (={shown(left)}) is larger than the {shown(tuple(sizes))} input", at=word)
            return (channels, *left)
        taken = tuple(map(sum, pairs(self.taken(inputs))))
        if any(less >= n for n, less in zip(sizes, taken, strict=True)):
            raise OpError(
                f"cropping {_counted(taken)} leaves nothing of the {shown(tuple(sizes))} input",
                at="sides",
                help=f"take at most {_counted(tuple(n - 1 for n in sizes))}",
            )
        return (channels, *(n - less for n, less in zip(sizes, taken, strict=True)))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        rank = len(inputs[0]) - 1
        if self.like is not None:
            return Torch(Call(f"CropLike{suffix(rank)}"), definitions=(_like(rank),))
        if self.to is not None:
            return Torch(Call(f"CenterCrop{suffix(rank)}", self.to), definitions=(_centered(rank),))
        names = each("{before} {after}", rank, " ").split()
        call = Call(f"Crop{suffix(rank)}", kwargs=dict(zip(names, self.taken(inputs), strict=True)))
        return Torch(call, definitions=(_cropped(rank),))

    def window(self, inputs: tuple[Shape, ...]) -> Window:
        return window(len(inputs[0]) - 1, pad=tuple(-side for side in self.taken(inputs)[::2]))

    def canonical(self, inputs: tuple[Shape, ...]) -> Self:
        return self if self.like else self.model_copy(update={"sides": self.taken(inputs), "to": None})


def _counted(sizes: tuple[int, ...]) -> str:
    """`4 rows and 2 columns`."""
    words = each("{name}", len(sizes), " ").split()
    return " and ".join(f"{size} {word}" for size, word in zip(sizes, words, strict=True))


def _cropped(rank: int) -> str:
    return definition(
        CROP,
        rank,
        edges=each("`{before}` and `{after}` {name}", rank, " and "),
        takes=each("{before}: int, {after}: int", rank),
        own=each("self.{before}, self.{after}", rank),
        given=each("{before}, {after}", rank),
        kept=each("self.{before} : x.shape[{place}] - self.{after}", rank),
    )


def _like(rank: int) -> str:
    return definition(
        LIKE,
        rank,
        near=each("{before}", rank, " and "),
        befores=each("{before}", rank),
        starts=each("(x.shape[{place}] - like.shape[{place}]) // 2", rank),
        kept=each("{before} : {before} + like.shape[{place}]", rank),
    )


def _centered(rank: int) -> str:
    return definition(
        CENTER,
        rank,
        sizes=each("{size}", rank, " and "),
        near=each("{before}", rank, " and "),
        takes=each("{size}: int", rank),
        own=each("self.{size}", rank),
        given=each("{size}", rank),
        befores=each("{before}", rank),
        starts=each("(x.shape[{place}] - self.{size}) // 2", rank),
        kept=each("{before} : {before} + self.{size}", rank),
    )
