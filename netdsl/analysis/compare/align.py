"""Two sequences to the pairs of items that belong together, in order.

What both begin and end with is set aside first. What is left is aligned so that the sum of the gains of all pairs is
the greatest (Needleman & Wunsch, 1970, with gaps that cost nothing). That takes time in proportion to the product of
the lengths, so of long sequences first the longest common subsequence is found, where few items differ (Myers, An
O(ND) difference algorithm, 1986), and only what lies between is aligned by gain. What is long and differs throughout is
aligned in windows, one after the other, which is linear but need not be the best there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

Gain: TypeAlias = Callable[[int, int], int]
Pairs: TypeAlias = list[tuple[int, int]]
Stretch: TypeAlias = tuple[int, int]

CELLS = 250_000
"""The largest product of two lengths that is aligned as a whole."""
GAP = 10_000
"""The same for what lies between the anchors of long sequences, of which there may be many."""
STEPS = 400_000
"""The most steps that are spent on the longest common subsequence, besides one for each item."""
WINDOW = 80
"""Items of each side in a window."""


def align(left: Sequence[int], right: Sequence[int], gain: Gain, firm: Callable[[int], bool]) -> tuple[Pairs, bool]:
    """Pairs of indices, rising on both sides, and whether they are the best there are.

    Equal numbers are equal items. `gain(i, j)` is what it is worth to pair two items, 0 for never. `firm(i)` says
    whether an item on the left is distinctive enough to hold on to where it is found again on the right.
    """
    size = min(len(left), len(right))
    head = 0
    while head < size and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < size - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    rows, columns = (head, len(left) - tail), (head, len(right) - tail)
    pairs = [(i, i) for i in range(head)]
    found, exact = _between(left, right, rows, columns, gain, firm)
    pairs += found
    pairs += [(len(left) - i, len(right) - i) for i in range(tail, 0, -1)]
    return pairs, exact


def _between(
    left: Sequence[int],
    right: Sequence[int],
    rows: Stretch,
    columns: Stretch,
    gain: Gain,
    firm: Callable[[int], bool],
) -> tuple[Pairs, bool]:
    if _cells(rows, columns) <= CELLS:
        return best(left, right, rows, columns, gain), True
    anchors = common(left[slice(*rows)], right[slice(*columns)]) or []
    pairs: Pairs = []
    exact = True
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], Pairs] = {}
    top, first = rows[0], columns[0]
    kept = [(rows[0] + i, columns[0] + j) for i, j in anchors if firm(rows[0] + i)]
    for i, j in [*kept, (rows[1], columns[1])]:
        stretches = (top, i), (first, j)
        if _cells(*stretches) <= GAP:
            pairs += best(left, right, *stretches, gain)
        else:
            exact = False
            pairs += windows(left, right, *stretches, gain, known)
        pairs.append((i, j))
        top, first = i + 1, j + 1
    pairs.pop()
    return pairs, exact


def _cells(rows: Stretch, columns: Stretch) -> int:
    return (rows[1] - rows[0]) * (columns[1] - columns[0])


def best(left: Sequence[int], right: Sequence[int], rows: Stretch, columns: Stretch, gain: Gain) -> Pairs:
    """The pairs of two stretches with the greatest sum of gains.

    Where several alignments are equally good, what is left over comes late: of `conv, conv` against `conv, conv, conv`
    the third is the new one.
    """
    (top, bottom), (first, last) = rows, columns
    width = last - first
    if width == 0 or top == bottom:
        return []
    gains: dict[int, list[int]] = {}  # equal items gain the same
    above = [0] * (width + 1)
    table = [above]
    for i in range(top, bottom):
        worths = gains.get(left[i])
        if worths is None:
            seen: dict[int, int] = {}
            for j in range(first, last):
                if right[j] not in seen:
                    seen[right[j]] = gain(i, j)
            worths = gains[left[i]] = [seen[item] for item in right[first:last]]
        row = [0]
        here = 0
        corner = 0
        for worth, up in zip(worths, above[1:], strict=True):
            if up > here:
                here = up
            if worth and corner + worth > here:
                here = corner + worth
            row.append(here)
            corner = up
        table.append(row)
        above = row
    pairs: Pairs = []
    i, j = bottom - top, width
    while i and j:
        here = table[i][j]
        if table[i][j - 1] == here:
            j -= 1
        elif table[i - 1][j] == here:
            i -= 1
        else:
            i -= 1
            j -= 1
            pairs.append((top + i, first + j))
    pairs.reverse()
    return pairs


def windows(
    left: Sequence[int],
    right: Sequence[int],
    rows: Stretch,
    columns: Stretch,
    gain: Gain,
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], Pairs],
) -> Pairs:
    """Pairs found in windows that move along both stretches: of each, the first half is kept. Windows that are `known`
    are not aligned again: long networks repeat themselves."""
    (top, bottom), (first, last) = rows, columns
    pairs: Pairs = []
    while top < bottom and first < last:
        ends = min(top + WINDOW, bottom), min(first + WINDOW, last)
        key = tuple(left[top : ends[0]]), tuple(right[first : ends[1]])
        if key not in known:
            found = best(left, right, (top, ends[0]), (first, ends[1]), gain)
            known[key] = [(i - top, j - first) for i, j in found]
        whole = ends == (bottom, last)
        kept = known[key] if whole else known[key][: (len(known[key]) + 1) // 2]
        pairs += [(top + i, first + j) for i, j in kept]
        if whole:
            break
        down, along = kept[-1] if kept else (WINDOW // 2 - 1, WINDOW // 2 - 1)
        top, first = top + down + 1, first + along + 1
    return pairs


def common(left: Sequence[int], right: Sequence[int]) -> Pairs | None:
    """The longest common subsequence as pairs of indices; None where it would take more than `STEPS` steps."""
    trace: list[tuple[int, list[int]]] = []
    ends = {1: 0}
    steps = 0
    n, m = len(left), len(right)
    for distance in range(n + m + 1):
        low = -distance + 2 * max(distance - m, 0)
        high = distance - 2 * max(distance - n, 0)
        reached: list[int] = []
        done = False
        for diagonal in range(low, high + 1, 2):
            down = diagonal == -distance or (
                diagonal != distance and ends.get(diagonal - 1, -1) < ends.get(diagonal + 1, -1)
            )
            i = ends[diagonal + 1] if down else ends[diagonal - 1] + 1
            j = i - diagonal
            while i < n and j < m and left[i] == right[j]:
                i += 1
                j += 1
                steps += 1
            steps += 1
            ends[diagonal] = i
            reached.append(i)
            if i >= n and j >= m:
                done = True
                break
        trace.append((low, reached))
        if done:
            return _back(trace, n, m)
        if steps > STEPS + n + m:
            return None
    return None


def _back(trace: list[tuple[int, list[int]]], n: int, m: int) -> Pairs:
    """The way back through what each distance reached."""
    pairs: Pairs = []
    i, j = n, m
    for distance in range(len(trace) - 1, 0, -1):
        low, reached = trace[distance - 1]

        def end(diagonal: int, low: int = low, reached: list[int] = reached) -> int:
            place = (diagonal - low) // 2
            return reached[place] if 0 <= place < len(reached) else -1

        diagonal = i - j
        down = diagonal == -distance or (diagonal != distance and end(diagonal - 1) < end(diagonal + 1))
        before = diagonal + 1 if down else diagonal - 1
        start = end(before)
        at = start if down else start + 1
        while i > at:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        i, j = start, start - before
    while i > 0 and j > 0:
        i, j = i - 1, j - 1
        pairs.append((i, j))
    pairs.reverse()
    return pairs
