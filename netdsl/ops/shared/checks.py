"""What operators ask of their inputs, in the words of the reader: a plane, a vector, sizes within the limits."""

from __future__ import annotations

from bisect import bisect_right
from itertools import count, takewhile
from math import gcd

from netdsl.shapes import LARGEST, Shape, numel, text
from netdsl.text.diagnostics import OpError


def described(shape: Shape) -> str:
    """`64x56x56`, or `1000 features`."""
    return text(shape) if len(shape) > 1 else f"{shape[0]} feature{'s' * (shape[0] != 1)}"


def listed(shapes: tuple[Shape, ...]) -> str:
    """Two shapes or more: `64x56x56 and 32x56x56`; of many, the first few."""
    words = [described(shape) for shape in shapes[:6]]
    if len(shapes) > 6:
        words.append(f"{len(shapes) - 6} more")
    return ", ".join(words[:-1]) + " and " + words[-1]


def plane(op: str, shape: Shape, *ranks: int) -> Shape:
    """The input as a map: channels, then one to three sizes, or as many as `ranks` allows.

    An `OpError` for a vector of features, or a map of another rank.
    """
    if len(shape) == 1:
        raise OpError(
            f"`{op}` needs channels x height x width; the input is {described(shape)}",
            help="an image comes in as `input 3x224x224`, channels first; behind `fc` and `flatten` the plane is gone, "
            f"and `reshape({shape[0]}x1x1)` makes channels of the features",
        )
    if ranks and len(shape) - 1 not in ranks:
        raise OpError(
            f"`{op}` takes {' or '.join(_MAPS[rank] for rank in ranks)}; the input is {text(shape)}",
            help="`tokens` makes a sequence of the map, row by row"
            if ranks == (1,) and len(shape) > 2
            else "`reshape(...)` gives the map another rank",
        )
    return shape


_MAPS = {
    1: "channels x length",
    2: "channels x height x width",
    3: "channels x depth x height x width",
}


def same_rank(op: str, inputs: tuple[Shape, ...]) -> tuple[int, ...]:
    """The plane of the value that `like=` names, whose rank is that of the current value."""
    if len(inputs[1]) != len(inputs[0]):
        raise OpError(
            f"`like` of `{op}` names {described(inputs[1])}; the input is {described(inputs[0])}",
            at="like",
            help="both must be maps of as many dimensions",
        )
    return inputs[1][1:]


def vector(op: str, shape: Shape) -> int:
    """The number of features of the input; an `OpError` for a feature map."""
    if len(shape) != 1:
        raise OpError(f"`{op}` needs a vector of features; the input is {text(shape)}", help="put `flatten` before it")
    return shape[0]


def bounded(op: str, shape: Shape) -> Shape:
    """The shape, if none of its dimensions is beyond the limit of the language."""
    for size in shape:
        if size > LARGEST:
            raise OpError(f"`{op}` gives {text(shape)}; a dimension may be at most 2^31-1", code="E0005")
    return shape


def flattened(op: str, shape: Shape) -> int:
    """The number of values in the input as one vector."""
    return bounded(op, (numel(shape),))[0]


def divides(groups: int, channels: int, what: str, at: str = "groups", also: int = 0) -> None:
    """Check that `groups` divides the channels; the fix names the nearest numbers that do, and divide `also` too."""
    if channels % groups:
        found = [n for n in nearest_divisors(gcd(channels, also), groups) if n > 1]
        raise OpError(
            f"`{at}` (={groups}) must divide the {channels} {what}",
            at=at,
            help="try " + " or ".join(map(str, found))
            if found or not also
            else f"{channels} and {also} have no common divisor: change one of them, or leave `{at}` out",
        )


def nearest_divisors(n: int, near: int) -> list[int]:
    """The divisors of n next to `near`: the largest up to it and the smallest above, where there is one."""
    small = [d for d in takewhile(lambda d: d * d <= n, count(1)) if n % d == 0]
    divisors = sorted({*small, *(n // d for d in small)})
    above = bisect_right(divisors, near)
    return divisors[above - 1 : above + 1]
