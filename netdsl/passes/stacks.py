"""Stacks of small convolutions in place of a large one: how many there are, and how their channels grow."""

from __future__ import annotations

from math import lcm


def layers(kernel: int) -> int:
    """How many 3x3 convolutions see as much as one of an odd `kernel`: two for 5x5, three for 7x7."""
    return (kernel - 1) // 2


def widths(before: int, after: int, count: int, groups: int = 1) -> tuple[int, ...]:
    """The channels of a stack of `count` convolutions from `before` channels to `after`, growing in equal steps.

    The inner ones are multiples of 8 and of `groups`. Source: Szegedy et al., Rethinking the Inception Architecture,
    2016, section 3.1, where the channels grow by the square root in each of two layers.
    """
    unit = lcm(8, groups)
    inner = (before ** (1 - step / count) * after ** (step / count) for step in range(1, count))
    return (*(max(round(wide / unit), 1) * unit for wide in inner), after)
