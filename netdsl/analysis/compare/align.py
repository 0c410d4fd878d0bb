"""Two sequences to the pairs of items that belong together, in order.

What both begin and end with is set aside first, so equal and nearly equal sequences cost next to nothing. What is left
is aligned so that the sum of the gains of all pairs is the greatest (Needleman & Wunsch, 1970, with gaps that cost
nothing). That takes time in proportion to the product of the lengths, so what is long is aligned in windows, one after
the other: linear, but not always the best there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from netdsl.analysis.compare.items import Item

Gain: TypeAlias = Callable[[Item, Item], int]
Pairs: TypeAlias = list[tuple[int, int]]

CONTIGUOUS = 100
"""What it is worth that a pair goes on where the one before it ends: a difference is told in as few places as can be."""
CELLS = 1_000_000
"""The largest product of two lengths that is aligned as a whole."""
WINDOW = 100
"""Layers of each side in a window."""


def align(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> tuple[Pairs, bool]:
    """Pairs of indices, rising on both sides, and whether they are known to be the best there are.

    `gain` is what it is worth to pair two layers, 0 for never.
    """
    size = min(len(left), len(right))
    head = tail = 0
    while head < size and left[head].exact == right[head].exact:
        head += 1
    while tail < size - head and left[-1 - tail].exact == right[-1 - tail].exact:
        tail += 1
    pairs = [(i, i) for i in range(head)]
    middle = left[head : len(left) - tail], right[head : len(right) - tail]
    small = len(middle[0]) * len(middle[1]) <= CELLS
    pairs += [(head + i, head + j) for i, j in (best if small else windows)(*middle, gain)]
    pairs += [(len(left) - i, len(right) - i) for i in range(tail, 0, -1)]
    return pairs, small or sum(left[i].exact == right[j].exact for i, j in pairs) == size


def best(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> Pairs:
    """The pairs with the greatest sum of gains.

    Where several alignments are equally good, what is left over comes late: of `conv, conv` against `conv, conv, conv`
    the third is the new one.
    """
    kinds = [layer.kind for layer in right]
    examples = dict(zip(kinds, right, strict=True))
    gains: dict[int, list[int]] = {}  # equal layers gain the same
    sums, ends = [[0] * (len(right) + 1)], [[0] + [-CONTIGUOUS] * len(right)]  # the best, and the best with this pair
    for layer in left:
        worths = gains.get(layer.kind)
        if worths is None:
            seen = {kind: gain(layer, other) for kind, other in examples.items()}
            worths = gains[layer.kind] = [seen[kind] for kind in kinds]
        row, row_ends = [0], [-CONTIGUOUS]
        here = corner = 0
        for worth, above, corner_end in zip(worths, sums[-1][1:], ends[-1], strict=False):
            end = -CONTIGUOUS
            if worth:
                end = worth + (corner if corner > corner_end + CONTIGUOUS else corner_end + CONTIGUOUS)
                if end > here:
                    here = end
            if above > here:
                here = above
            row.append(here)
            row_ends.append(end)
            corner = above
        sums.append(row)
        ends.append(row_ends)
    pairs: Pairs = []
    i, j = len(left), len(right)
    paired = ends[i][j] + CONTIGUOUS > sums[i][j]
    while i and j:
        if not paired and sums[i][j - 1] == sums[i][j]:
            j -= 1
        elif not paired and sums[i - 1][j] == sums[i][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
            paired = ends[i][j] + CONTIGUOUS > sums[i][j]
    pairs.reverse()
    return pairs


def windows(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> Pairs:
    """Pairs found in windows that move along both sequences: of each, the first half is kept."""
    pairs: Pairs = []
    top = first = 0
    while top < len(left) and first < len(right):
        ends = top + WINDOW, first + WINDOW
        found = [(top + i, first + j) for i, j in best(left[top : ends[0]], right[first : ends[1]], gain)]
        if ends[0] >= len(left) and ends[1] >= len(right):
            return pairs + found
        found = found[: (len(found) + 1) // 2]
        pairs += found
        top, first = (found[-1][0] + 1, found[-1][1] + 1) if found else (top + WINDOW // 2, first + WINDOW // 2)
    return pairs


def settle(
    pairs: Pairs, left: Sequence[Item], right: Sequence[Item], ranks: tuple[Callable[[Item], int], ...]
) -> Pairs:
    """The pairs with each run of extra layers moved along equal ones, to begin with a layer of the highest rank, and as
    late as can be.

    That a stack has one block more can be told in as many ways as the block has layers: of `a b a b a b` against
    `a b a b` the new ones may be `a b` or, one further, `b a`. All are right; one is what the author wrote.
    """
    both = left, right
    pairs = [(-1, -1), *pairs, (len(left), len(right))]
    for number in range(1, len(pairs)):
        gaps = [pairs[number][side] - pairs[number - 1][side] - 1 for side in (0, 1)]
        if bool(gaps[0]) == bool(gaps[1]):
            continue
        side = int(gaps[1] > 0)
        gap, start = gaps[side], pairs[number - 1][side] + 1

        def movable(at: int, first: int, step: int, side: int = side, gap: int = gap) -> bool:
            """Whether a pair goes on where the one beside it ends, and is equal to the layer it would take the place
            of."""
            if not 0 < at < len(pairs) - 1 or abs(at - first) >= gap:
                return False
            (i, j), beside = pairs[at], pairs[at - step]
            goes_on = at == first or (i - beside[0], j - beside[1]) == (step, step)
            return goes_on and left[i].form == right[j].form == both[side][pairs[at][side] - step * gap].form

        low = high = number
        while movable(high, number, 1):
            high += 1
        while movable(low - 1, number - 1, -1):
            low -= 1
        shift = max(range(low - number, high - number + 1), key=lambda shift: (ranks[side](both[side][start + shift]), shift))
        for at in [*range(number, number + shift), *range(number + shift, number)]:
            moved = pairs[at][side] + (gap if shift < 0 else -gap)
            pairs[at] = (moved, pairs[at][1]) if side == 0 else (pairs[at][0], moved)
    return pairs[1:-1]
