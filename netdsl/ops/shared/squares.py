"""What `pixelshuffle` and `pixelunshuffle` share: the orders in which the pixels of a square become channels.

A square of r x r pixels of C channels is C*r*r channels. An order says over what they run, the slowest first; Darknet's
goes by the places in memory.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Order: TypeAlias = Literal["chw", "hwc", "whc", "darknet"]

_AXES = {"chw": (1, 3, 5), "hwc": (3, 5, 1), "whc": (5, 3, 1)}
"""Where channel, row and column stand in N x C x H x r x W x r, as the new channels run over them."""


def gathered(order: str) -> str:
    """The permutation of N x C x H x r x W x r that puts what becomes channels in front of the plane."""
    return ", ".join(map(str, (0, *_AXES[order], 2, 4)))


def scattered(order: str) -> str:
    """The permutation of N x (channel, row, column in that order) x H x W that undoes it."""
    places = {axis: place for place, axis in enumerate((0, *_AXES[order], 2, 4))}
    return ", ".join(str(places[axis]) for axis in range(6))


def split(order: str) -> str:
    """The new channels as a shape: of channel, row and column."""
    return ", ".join({1: "c", 3: "r", 5: "r"}[axis] for axis in _AXES[order])
