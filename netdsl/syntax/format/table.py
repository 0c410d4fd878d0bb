"""Tables to lines: the columns padded, the rows that span them stretched, their claims at the right edge.

A cell much longer than the rest does not widen its column: its row is longer than the others instead.
"""

from __future__ import annotations

from netdsl.syntax.format.columns import CLAIM_GAP, Kind, Line, TooLarge
from netdsl.syntax.format.pieces import Cells, Remark, Table

LONGEST_CELL = 64
"""A cell of more columns does not widen its own."""
NOTE_SPREAD = 10
"""A cell with a string in it, a note for the reader, widens its column by at most so much over the other cells."""
WIDEST_STRETCH = 120
"""For the sake of a row that spans it a table becomes at most this wide."""


def write(table: Table, lines: list[Line], room: int) -> int:
    """Add the lines of a table. `room` is how many characters they may take; 0 asks for no padding at all. Gives what
    is left of it. Raises `TooLarge`.
    """
    rows = [row for row in table.rows if isinstance(row, Cells)]
    arrow = max((len(row.claim) + 3 for row in rows if row.claim is not None), default=0)
    widths = _widths(table.header, rows, arrow) if room else []
    if room:
        room -= (_inner(widths) + 5) * (len(rows) + 2)
        if room <= 0:
            raise TooLarge
    lines.append(Line(0, "table", Kind.EDGE, blank=table.blank, note=table.lead))
    lines += [Line(0, text, Kind.REMARK) for text in table.remarks]
    dashes = ["-" * (width + 2) for width in widths] or ["---"] * len(table.header.texts)
    lines.append(Line(0, _row(table.header, widths, 0), Kind.FIXED, note=table.header.note))
    if dashes:
        lines.append(Line(0, f"|{'|'.join(dashes)}|", Kind.FIXED))
    for row in table.rows:
        if isinstance(row, Remark):
            lines.append(Line(0, row.text, Kind.REMARK, blank=row.blank))
        else:
            lines.append(Line(0, _row(row, widths, arrow), Kind.FIXED, blank=row.blank, note=row.note))
    return room


def _inner(widths: list[int]) -> int:
    """How wide a row is that spans the table."""
    return sum(widths) + 3 * (len(widths) - 1)


def _widths(header: Cells, rows: list[Cells], arrow: int) -> list[int]:
    """How wide the columns are: as wide as their cells, and together as the rows that span them."""
    count = len(header.texts)
    widths = [0] * count
    noted: list[list[int]] = [[] for _ in widths]
    needed = 0
    for row in rows:
        if len(row.texts) < count or count <= 1:
            needs = len(row.texts[0]) + (CLAIM_GAP + arrow if row.claim is not None else 0)
            if needs <= WIDEST_STRETCH - 4 and '"' not in row.texts[0]:
                needed = max(needed, needs)
            continue
        for place, text in enumerate(row.texts):
            if '"' in text:
                noted[place].append(len(text))
            elif widths[place] < len(text) <= LONGEST_CELL:
                widths[place] = len(text)
    for place, name in enumerate(header.texts):
        most = min(widths[place] + NOTE_SPREAD, LONGEST_CELL) if widths[place] else LONGEST_CELL
        widths[place] = max(widths[place], len(name), *[length for length in noted[place] if length <= most])
    if count and needed > _inner(widths):
        more, rest = divmod(needed - _inner(widths), count)
        widths = [width + more + (place < rest) for place, width in enumerate(widths)]
    return widths


def _row(row: Cells, widths: list[int], arrow: int) -> str:
    """A row; without widths it is not padded. Behind a cell that is too long for its column the next ones make up for
    it as far as they can.
    """
    if len(row.texts) == len(widths) > 1 or not widths:
        texts = [f"{text} -> {row.claim}" if row.claim is not None else text for text in row.texts]
        line = "|"
        bar = 0
        for place, text in enumerate(texts):
            bar += widths[place] + 3 if widths else 0
            line += f" {text}"
            line += " " * max(bar - len(line), 1) + "|"
        return line
    (text,) = row.texts
    inner = _inner(widths)
    if row.claim is not None:
        text = f"{text:<{max(inner - arrow, len(text) + CLAIM_GAP)}}-> {row.claim}"
    return f"| {text:<{inner}} |"
