"""A table with a column for each network and its layers below one another, read to a spec: VGG's Table 1, ResNet's, and
those of whoever follows them.

Columns that only tell what a row is (`layer name`, `output size`) stand before those of the networks. A row names the
networks, counts their layers, gives their input, counts parameters or FLOPs, or holds layers: in a cell of its own for
each network, in one for several, or, where a text has lost its rules, in a lone one for all. A stage of residual blocks
begins with a stride where its output size says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from netdsl.analysis.tables.mend import make_linear, mended
from netdsl.analysis.tables.model import Cell, Place, Table, placed
from netdsl.analysis.tables.spec import Spec, conventions, unread, variant
from netdsl.analysis.tables.spelling import alike, layer, layers, lines_alike, size, stack
from netdsl.text.diagnostics import Report

HEADING = "ConvNet Configuration"
MOST_COLUMNS = 24
"""In a wider table no row is put right: there are too many ways."""
_LABEL = re.compile(
    r"(?:(?:layer|stage|block|group|type|name|module|operation)s?)?(?: name| type)?|output stride", re.I
)
_SIZES = re.compile(r"(?:output|map|feature|size|resolution)s?(?: (?:map|size|resolution)s?)*", re.IGNORECASE)
"""Heads of columns that tell what a row is, and how large its maps are."""
_WEIGHTS = re.compile(r"(\d+) weight(?: layers?)?", re.IGNORECASE)
_INPUT = re.compile(r"input\s*(?:\(\s*(.*?)\s*\))?", re.IGNORECASE)
_COUNTS = {
    "macs": re.compile(r"(?:#|number of)? *(?:flops|macs|mult(?:iply)?-adds)"),
    "params": re.compile(r"(?:#|number of)? *param(?:eter)?s?\.?"),
}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:x\s*10\s*\^?\s*([369])|([KMGB]))", re.IGNORECASE)
_UNITS = {"3": "K", "6": "M", "9": "G", "k": "K", "m": "M", "g": "G", "b": "G"}
_HELP = (
    "layers are written as `conv3-64`, `7×7, 64, stride 2`, `maxpool`, `FC-4096`, stages as `[3×3, 64; 3×3, 64]×2`, "
    "or in the notation of a spec"
)


def text(cell: Cell) -> str:
    """The text of a cell, the lines of a stack in brackets."""
    if cell.times is not None:
        return alike(f"[{'; '.join(cell.lines)}]x{cell.times}")
    if not any("[" in line for line in cell.lines):
        return lines_alike(cell.lines)
    return re.sub(r"\[\s*;\s*", "[", alike("; ".join(cell.lines)))


def about(text: str) -> bool:
    """Whether a text heads the columns: it counts their layers or gives their input."""
    return text == HEADING or bool(_WEIGHTS.fullmatch(text) or _INPUT.fullmatch(text))


def read(tables: Sequence[Table], table: Table, report: Report, usual: tuple[str, ...], name: str) -> Spec | None:
    """The spec of a table under the `usual` conventions of its paper; cells that are no layers are told."""
    return _Reader(table, report).spec(tables, usual, name)


class _Covering(NamedTuple):
    """A cell, and the networks that it is for, by their numbers."""

    networks: list[int]
    place: Place


class _Reader:
    """Reads the rows from the top. `columns` are those of the networks, `sized` the one with output sizes."""

    def __init__(self, table: Table, report: Report):
        self.table, self.report = table, report
        all_rows = placed(table)
        self.numbers: dict[int, int] = {}  # by its cell, the row in which it begins, from 1
        for number, row in enumerate(all_rows, 1):
            for place in row:
                self.numbers.setdefault(id(place.cell), number)
        self.rows = [row for row in all_rows if any(place.cell.lines for place in row)]
        self.spans = any(place.cell.columns > 1 for row in self.rows for place in row)
        self.sized, self.columns = self.divided()
        self.wide = len(self.columns)
        self.headed = False
        self.names: list[str] = []
        self.depths: list[int | None] = [None] * self.wide
        self.inputs: list[str | None] = [None] * self.wide
        self.body: list[list[list[str]]] = []
        self.counts: list[list[str]] = []
        self.unread: list[tuple[int, int, Place]] = []  # row of the body, network, cell
        self.plane: tuple[int, ...] | None = None

    def divided(self) -> tuple[int | None, list[int]]:
        """The column of output sizes, and those of the networks: all but those that tell what a row is."""
        wide = max((p.column + p.cell.columns for row in self.rows for p in row if p.cell.lines), default=1)
        heads = {p.column: lines_alike(p.cell.lines) for row in self.rows[:1] for p in row if p.cell.columns == 1}
        sized = next((column for column, head in heads.items() if _SIZES.fullmatch(head)), None)
        about = {column for column, head in heads.items() if _LABEL.fullmatch(head) or column == sized}
        if any(layer(head) for column, head in heads.items() if column not in about) or len(self.rows) < 2:
            return None, list(range(wide))
        networks = [column for column in range(wide) if column not in about]
        return sized, networks or [min(about - {sized})]

    def spec(self, tables: Sequence[Table], usual: tuple[str, ...], name: str) -> Spec | None:
        words = [""] * self.wide
        for number, row in enumerate(self.rows):
            cells = self.cells(row)
            texts = self.texts(cells)
            joined = " ".join(dict.fromkeys(filter(None, texts)))
            if joined == HEADING:
                self.headed = True  # what stands below are names, whatever they look like
            elif any(re.search(r"\bweight\b|^layers?$", text, re.IGNORECASE) for text in texts):
                words = [f"{word} {text}".strip() for word, text in zip(words, texts, strict=True)]
            elif _INPUT.fullmatch(joined) or (joined and all(not text or _INPUT.fullmatch(text) for text in texts)):
                self.input(cells)
            elif not self.names and not self.body and self.heads(number, cells, texts):
                self.names = self.named(texts)
            elif not self.counted(row, cells):
                self.layers(row, cells)
        self.depths = [int(found[1]) if (found := _WEIGHTS.fullmatch(word)) else None for word in words]
        self.mend()
        for _, _, place in self.unread:
            self.tell(place, "is no layer", _HELP)
        return self.made(tables, usual, name) if self.body else None

    def tell(self, place: Place, words: str, help: str | None = None) -> None:
        said = f": `{place.cell.text}` {words}"
        unread(self.report, self.numbers[id(place.cell)], place, said, help=help)

    # The cells of a row

    def cells(self, row: Sequence[Place]) -> list[_Covering]:
        """The cells of a row that are not empty, with the networks that they are for."""
        found = []
        for place in row:
            if place.below or not place.cell.lines:
                continue
            ends = place.column + place.cell.columns
            covered = [n for n, column in enumerate(self.columns) if place.column <= column < ends]
            if not covered and place.column == self.sized and size(text(place.cell)) is None:
                covered = [0]  # without rules, a cell over all columns slides into the size's
            if covered:
                found.append(_Covering(covered, place))
        return found

    def texts(self, cells: Sequence[_Covering]) -> list[str]:
        """The text of each column; that of a merged cell in its first."""
        found = [""] * self.wide
        for covered, place in cells:
            found[covered[0]] = text(place.cell)
        return found

    def heads(self, number: int, cells: Sequence[_Covering], texts: Sequence[str]) -> bool:
        """Whether a row names the columns."""
        filled = [text for text in texts if text]
        if number == 0 and self.columns != list(range(self.wide)):
            return True
        if self.wide == 1:
            return self.headed or not any(layers(text) for text in filled)
        return len(filled) > 1 and not any(layers(text) for text in filled) and len(cells[0].networks) < self.wide

    def named(self, texts: Sequence[str]) -> list[str]:
        """The names of the columns; a cell with several is for those that are empty behind it."""
        names = list(texts)
        for column, text in enumerate(texts):
            parts = text.split()
            if len(parts) > 1 and not any(texts[column + 1 : column + len(parts)]) and column + len(parts) <= self.wide:
                names[column : column + len(parts)] = parts
        return names

    def input(self, cells: Sequence[_Covering]) -> None:
        for covered, place in cells:
            found = _INPUT.fullmatch(text(place.cell))
            if found is None or not found[1]:
                continue
            inside = re.sub(r"\s*(RGB|gr[ae]y)?\s*images?$", "", found[1], flags=re.IGNORECASE)
            sizes = size(inside)
            shape = inside
            if sizes is not None and len(sizes) == 2 and inside != found[1]:
                shape = f"{3 if 'rgb' in found[1].lower() else 1}x{sizes[0]}x{sizes[1]}"
            for network in covered if self.spans else range(self.wide):
                self.inputs[network] = shape

    def counted(self, row: Sequence[Place], cells: Sequence[_Covering]) -> bool:
        """Whether a row counts something by its label; that is what the paper reports."""
        label = next((lines_alike(place.cell.lines).lower() for place in row if place.cell.lines), "")
        quantity = next((name for name, pattern in _COUNTS.items() if pattern.fullmatch(label)), None)
        if quantity is None:
            return False
        found = [""] * self.wide
        for covered, place in cells:
            amount = _AMOUNT.fullmatch(text(place.cell))
            if amount is None:
                self.tell(place, f"is no number of {label} such as 1.8×10⁹")
            for network in covered if amount is not None else ():
                said = amount[2] or amount[3].lower() if amount is not None else ""
                found[network] = f"reported {quantity} = {amount[1]}{_UNITS[said]}" if amount is not None else ""
        self.counts.append(found)
        return True

    def layers(self, row: Sequence[Place], cells: Sequence[_Covering]) -> None:
        """The statements of each network in a row."""
        found: list[list[str]] = [[] for _ in range(self.wide)]
        texts = [text(place.cell) for _, place in cells]
        sizes = [size(text(place.cell)) for place in row if place.column == self.sized]
        plane = next(filter(None, sizes), None)
        whole = layer(" ".join(texts)) or layer("".join(texts))
        if len(cells) > 1 and whole is not None and not any(map(layer, texts)):
            found = [[whole] for _ in found]  # a cell over all columns that an extractor has torn
            cells = ()
        for covered, place in cells:
            said = self.statements(place.cell, plane)
            parts = [layer(part) for part in text(place.cell).split()]
            behind = range(covered[0], covered[0] + len(parts))
            if said is None and len(parts) > 1 and None not in parts and self.free(cells, behind):
                for network, part in zip(behind, parts, strict=True):
                    found[network] = [str(part)]
            elif said is None:
                self.unread.append((len(self.body), covered[0], place))
            else:
                alone = len(cells) == 1 and covered[0] == 0 and not self.spans
                for network in range(self.wide) if alone else covered:
                    found[network] = said
        self.plane = plane or self.plane
        if cells or whole is not None:
            self.body.append(found)

    def free(self, cells: Sequence[_Covering], networks: range) -> bool:
        """Whether there are so many networks, and nothing stands in their columns but in the first."""
        return networks.stop <= self.wide and not any(each.networks[0] in networks[1:] for each in cells)

    def statements(self, cell: Cell, plane: tuple[int, ...] | None) -> list[str] | None:
        """The statements that a cell means, in a row with this output size; None where it is unreadable."""
        blocks = stack(text(cell))
        if blocks is not None:
            rows, times = blocks
            halved = plane is not None and self.plane is not None and plane[0] < self.plane[0]
            pooled = bool(self.body) and any("pool" in each for column in self.body[-1] for each in column)
            by = f" /{-(-self.plane[0] // plane[0])}" if halved and not pooled and self.plane and plane else ""
            return [f"[{'; '.join(rows)}] x{times}{by}"]
        found = layers(text(cell))
        if found is None:  # a layer in each of its lines
            lines = [layers(alike(line)) for line in cell.lines]
            found = [each for line in lines for each in line or ()] if None not in lines else None
        return found and ["gap" if each == "avgpool" and plane == (1, 1) else each for each in found]

    # What has been read

    def mend(self) -> None:
        """Put rows right that a fragment has pushed to the left, and tell that."""
        if not self.unread or self.wide > MOST_COLUMNS or None in self.depths:
            return
        cells = [(number, column) for number, column, _ in self.unread]
        found = mended(self.body, cells, [depth or 0 for depth in self.depths])
        if found is None:
            return
        self.body, shifts = found
        for (_, _, place), shift in zip(self.unread, shifts, strict=True):
            where, many = self.numbers[id(place.cell)], f"{shift} column{'s' * (shift > 1)}"
            message = (
                f"row {where}, column {place.column + 1}: `{place.cell.text}` is left out, and the cells behind it "
            )
            help = "only so each column has as many weight layers as its head says"
            self.report.warn("E0801", f"{message}are read {many} further right", place.cell.span, help=help)
        self.unread = []

    def made(self, tables: Sequence[Table], usual: tuple[str, ...], name: str) -> Spec:
        common = conventions(self.table.notes, usual, next(filter(None, self.inputs), None))
        acts = {each.partition("(")[0] for each in common.defaults if "act=" in each}
        for column in range(self.wide):
            make_linear(self.body, column, acts)
        names = [variant(name) if name else f"v{number}" for number, name in enumerate(self.names or [""], 1)]
        names += [f"v{number}" for number in range(len(names) + 1, self.wide + 1)]
        head = common.input if len(set(self.inputs)) == 1 else None
        rows = [[f"input {each}" if each else "" for each in self.inputs]] if head is None else []
        rows += [["; ".join(each) for each in row] for row in self.body]
        rows += [[f"expect depth = {each}" if each else "" for each in self.depths]] if any(self.depths) else []
        rows += self.counts
        counts = _counts(tables, names)
        rows += [[f"expect params = {counts[each]}M" if each in counts else "" for each in names]] if counts else []
        shared = tuple((row[0],) if len(set(row)) == 1 else tuple(row) for row in rows)
        title = self.table.title.partition(":")[0] or (self.names[0] if self.names and self.wide == 1 else name)
        return Spec(title, head, common.defaults, tuple(names), shared, common.assumed)


def _counts(tables: Sequence[Table], names: Sequence[str]) -> dict[str, str]:
    """The parameters in millions, from a table of them among `tables`: by name."""
    for table in tables:
        for above, row in pairwise(placed(table)):
            if not row or not re.match(r"(?i)number of parameters", lines_alike(row[0].cell.lines)):
                continue
            found = {}
            for place in row[1:]:
                of = next((each for each in above if each.column == place.column), None)
                for name in lines_alike(of.cell.lines).split(",") if of is not None else ():
                    number = lines_alike(place.cell.lines)
                    if variant(name.strip()) in names and re.fullmatch(r"\d+(\.\d+)?", number):
                        found[variant(name.strip())] = number
            return found
    return {}
