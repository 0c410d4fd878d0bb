"""The lines of a file around some marks, with the marks and their labels drawn beneath.

    14 |   add { conv1-256/2 | identity }
       |         ^^^^^^^^^^^   -------- 64x56x56
       |         |
       |         256x28x28: the stride of 2 halves 56

Of several marks on a line the rightmost has its label beside it, the others have theirs on lines of their own, from
right to left. A mark over several lines is a bar to the left of them:

    12 | / concat {
    13 | |   conv1-64
       | ...
    19 | | }
       | |_^ what is wrong with it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from netdsl.text.source import Source
from netdsl.text.visible import visible
from netdsl.tools.render.line import ShownLine, indent, width
from netdsl.tools.render.paint import paint


class Mark(NamedTuple):
    """A stretch of the source to be marked; `style` is the severity at the message's own place, else `related`."""

    start: int
    end: int
    label: str
    style: str

    @property
    def sign(self) -> str:
        return "-" if self.style == "related" else "^"


class _Placed(NamedTuple):
    """A mark with its lines (from 1) and the indices (from 0) of its first character and behind its last one."""

    mark: Mark
    first: int
    start: int
    last: int
    end: int


class Printed(NamedTuple):
    """A printed row: the number in the gutter (`...` where lines are left out) and what stands to the right of it."""

    gutter: str
    text: str


class _Canvas:
    """A row that is drawn cell by cell; later strokes cover earlier ones."""

    def __init__(self) -> None:
        self._cells: dict[int, tuple[str, str]] = {}

    def put(self, column: int, text: str, style: str) -> None:
        last = column
        for char in text:
            size = width(char)
            if size:
                self._cells[column] = (char, style)
                last, column = column, column + size
            elif last in self._cells:  # a combining mark belongs to the character before it
                self._cells[last] = (self._cells[last][0] + char, style)

    def text(self, color: bool, least: int = 0) -> str:
        """The row, filled with spaces up to the column `least`."""
        pieces: list[tuple[str, str]] = []
        at = 0
        for column, (char, style) in sorted(self._cells.items()):
            pieces += [(" " * (column - at), ""), (char, style)]
            at = column + width(char[0])
        pieces.append((" " * (least - at), ""))
        runs = groupby((piece for piece in pieces if piece[0]), key=lambda piece: piece[1])
        return "".join(paint("".join(text for text, _ in run), style, color) for style, run in runs)


def excerpt(source: Source, marks: Iterable[Mark], color: bool) -> list[Printed]:
    """The rows that show the marks in their lines."""
    placed = [_place(source, mark) for mark in marks]
    bars = _Bars([each for each in placed if each.first != each.last])
    rows: list[Printed] = []
    before = None
    for number in _shown_lines(placed):
        if before is not None and number == before + 2:
            rows += _line(source, before + 1, placed, bars, color)
        elif before is not None and number > before + 1:
            rows.append(Printed("...", bars.beside(before + 1, color)))
        rows += _line(source, number, placed, bars, color)
        before = number
    return rows


def _place(source: Source, mark: Mark) -> _Placed:
    start = min(max(mark.start, 0), len(source.text))
    end = min(max(mark.end, start), len(source.text))
    while end > start and source.text[end - 1] in "\r\n":
        end -= 1
    first, column = source.position(start)
    last, behind = source.position(end)
    return _Placed(mark, first, column - 1, last, behind - 1)


def _shown_lines(placed: list[_Placed]) -> list[int]:
    wanted = set()
    for each in placed:
        wanted |= {each.first, each.last}
        if each.last > each.first + 1:
            wanted.add(each.first + 1)
    return sorted(wanted)


class _Bars:
    """The bars of the marks over several lines; the longest is leftmost, two columns each."""

    def __init__(self, placed: list[_Placed]):
        self.placed = sorted(placed, key=lambda each: (each.first - each.last, each.first))
        self.room = 2 * len(self.placed)

    def beside(self, number: int, color: bool) -> str:
        """The bars left of a line, or of a gap that begins with it."""
        canvas = _Canvas()
        for depth, each in enumerate(self.placed):
            if each.first < number <= each.last:
                canvas.put(2 * depth, "|", each.mark.style)
        return canvas.text(color)


def _line(source: Source, number: int, placed: list[_Placed], bars: _Bars, color: bool) -> Iterator[Printed]:
    line = source.line(number)
    inside = [each for each in placed if each.first == each.last == number]
    begins = [each for each in bars.placed if each.first == number]
    ends = [each for each in bars.placed if each.last == number]
    shown = ShownLine(
        line,
        [(each.start, each.end) for each in inside]
        + [(each.start, each.start + 1) for each in begins]
        + [(max(each.end - 1, 0), each.end) for each in ends],
    )

    def side(after: set[int], without: set[int]) -> _Canvas:
        """The bars left of a row: those that go on and those that began (`after`), not those that ended."""
        canvas = _Canvas()
        for depth, each in enumerate(bars.placed):
            if depth not in without and (each.first < number <= each.last or depth in after):
                canvas.put(2 * depth, "|", each.mark.style)
        return canvas

    # A bar that begins with its line's first word begins beside it, without a row of its own.
    begun: set[int] = set()
    ended: set[int] = set()
    canvas = side(begun, ended)
    later: list[tuple[int, _Placed]] = []
    for depth, each in enumerate(bars.placed):
        if each.first == number and each.start <= indent(line):
            canvas.put(2 * depth, "/", each.mark.style)
            begun.add(depth)
        elif each.first == number:
            later.append((depth, each))
    yield Printed(str(number), canvas.text(color, bars.room) + shown.text)

    for draw in _labels(inside, shown):
        canvas = side(begun, ended)
        for column, text, style in draw:
            canvas.put(bars.room + column, text, style)
        yield Printed("", canvas.text(color))
    for depth, each in later:
        canvas = side(begun, ended)
        foot = bars.room + shown.column(each.start)
        canvas.put(2 * depth + 1, "_" * (foot - 2 * depth - 1) + each.mark.sign, each.mark.style)
        begun.add(depth)
        yield Printed("", canvas.text(color))
    for depth, each in reversed(list(enumerate(bars.placed))):
        if each.last == number:
            canvas = side(begun, ended)
            foot = bars.room + shown.column(max(each.end - 1, 0))
            label = f" {visible(each.mark.label)}" if each.mark.label else ""
            canvas.put(2 * depth + 1, "_" * (foot - 2 * depth - 1) + each.mark.sign + label, each.mark.style)
            ended.add(depth)
            yield Printed("", canvas.text(color))


def _labels(inside: list[_Placed], shown: ShownLine) -> Iterator[list[tuple[int, str, str]]]:
    """The rows of marks and labels under a line, each a list of (column, text, style)."""
    if not inside:
        return
    spots = []
    for each in inside:
        start = shown.column(each.start)
        spots.append((start, max(shown.column(each.end), start + 1), each.mark))
    # Long marks first, so that a short one inside a long one stays visible; the message's own place over related ones.
    strokes = sorted(spots, key=lambda spot: (spot[0] - spot[1], spot[2].style != "related"))
    row = [(start, mark.sign * (end - start), mark.style) for start, end, mark in strokes]
    labelled = sorted((spot for spot in spots if spot[2].label), key=lambda spot: spot[0])
    if labelled:
        start, end, mark = labelled[-1]
        if all(other is labelled[-1] or (other[0] < start and other[1] <= end) for other in spots):
            row.append((end + 1, visible(mark.label), mark.style))
            labelled.pop()
    yield row
    if labelled:
        yield [(start, "|", mark.style) for start, _, mark in labelled]
    while labelled:
        start, _, mark = labelled.pop()
        bars = [(left, "|", other.style) for left, _, other in labelled if left < start]
        yield [*bars, (start, visible(mark.label), mark.style)]
