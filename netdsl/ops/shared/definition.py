"""The text of a class that PyTorch lacks, for maps of one, two or three dimensions, from one template.

PyTorch itself has a class for each (`nn.Conv1d`, `nn.Conv2d`, `nn.Conv3d`). What a template says once for each
dimension is filled in here, in the words for a plane: `{names}` are its rows and columns, `{sides}` left, right, top,
bottom.
"""

from __future__ import annotations

from functools import cache

_NAMES = ("planes", "rows", "columns")
_SIZES = ("depth", "height", "width")
_SIDES = (("front", "back"), ("top", "bottom"), ("left", "right"))
_BEYOND = ("behind", "below", "right")
_ODD = {
    1: "an odd value goes to the end",
    2: "odd pixels go below and right",
    3: "odd pixels go behind, below and right",
}


def each(template: str, rank: int, joint: str = ", ", *, last_first: bool = False) -> str:
    """A piece of text once for each dimension, the last one first where it is for `F.pad`.

    `{axis}` is the dimension's number and `{place}` that in a tensor; `{name}` is `rows` or `columns`, `{size}` how
    many there are, `{before}` and `{after}` the sides, `{beyond}` where it ends.
    """
    found = []
    for axis in range(rank):
        at = axis - rank
        before, after = _SIDES[at]
        size = "length" if rank == 1 else _SIZES[at]
        words = {"name": _NAMES[at], "size": size, "before": before, "after": after, "beyond": _BEYOND[at]}
        found.append(template.format(axis=axis, place=axis + 2, **words))
    return joint.join(reversed(found) if last_first else found)


def suffix(rank: int) -> str:
    """What the name of a class has at its end that is named without its rank for planes: `Crop`, `Crop1d`."""
    return "" if rank == 2 else f"{rank}d"


@cache
def definition(template: str, rank: int, **more: str) -> str:
    """The class of a template for maps of `rank` dimensions; `more` are pieces of its own.

    - `{d}`: the number of dimensions; `{suffix}`: as above.
    - `{ints}`, `{pairs}`: that many integers, and twice as many, as types. `{ones}`, `{zeros}`: a tuple of as many.
    - `{tail}`: `1, 1`, for a view over channels. `{volume}`, `{kernel}`: the sizes of a kernel, multiplied or listed.
    - `{names}`: `rows, columns`. `{sides}`: left, right, top, bottom, as `F.pad` takes them.
    - `{missing}`: what `self.missing` says of each dimension; `{halves}`: the halves of that, as `F.pad` takes them;
      `{odd}`: where the larger half goes.
    - `{last}`: the dimensions with channels last, for `permute`; `{first}`: back again.
    """
    return template.format(
        d=rank,
        suffix=suffix(rank),
        ints=", ".join(["int"] * rank),
        pairs=", ".join(["int"] * 2 * rank),
        ones=(1,) * rank,
        zeros=(0,) * rank,
        tail=", ".join(["1"] * rank),
        volume=each("kernel_size[{axis}]", rank, " * "),
        kernel=each("kernel_size[{axis}]", rank),
        names=each("{name}", rank),
        sides=each("{before}, {after}", rank, last_first=True),
        missing=each("self.missing(x.shape[{place}], {axis})", rank),
        halves=each("{name} // 2, {name} - {name} // 2", rank, last_first=True),
        odd=_ODD[rank],
        last=", ".join(map(str, (0, *range(2, rank + 2), 1))),
        first=", ".join(map(str, (0, rank + 1, *range(1, rank + 1)))),
        **more,
    )
