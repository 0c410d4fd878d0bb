"""Table 1 of the VGG paper (Simonyan & Zisserman 2015): a column for each configuration, a layer a row; and its Table
2, the parameters in millions.

It prints networks whose layers follow one another. Pools, fully connected layers and what stands alone are merged over
the columns that agree; the rows of a stage are lined up at the top. Dropout is left out, and so are activations and
norms, by a convention that the paper's caption states: what follows nearly every convolution is said in a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product, zip_longest

from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, chain, last_weighted, units
from netdsl.analysis.tables.model import Cell, Place, Row, Table, cell, merged, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.spec import INPUT, Spec, conventions, unread, variant
from netdsl.analysis.tables.spelling import layer, layers, lines_alike, size
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report

TITLE = "VGG, Tables 1 and 2: a column for each configuration"
HEADING = "ConvNet Configuration"
PARAMETERS = "Number of parameters (in millions)"
_SPELLED = {"fc": "FC", "softmax": "soft-max", "lrn": "LRN"}
_ALONE = (Family.POOLING, Family.FULLY_CONNECTED)


def write(networks: Sequence[Network]) -> Printed:
    """The two tables of some variants of a network."""
    columns = [list(units(chain(network))) for network in networks]
    hidden = [[unit for unit in column if unit.op.name == "dropout"] for column in columns]
    shown = [[unit for unit in column if unit.op.name != "dropout"] for column in columns]
    conventions = Conventions(shown)
    texts = [[_text(conventions, unit, unit is last_weighted(column)) for unit in column] for column in shown]
    alone = [[unit.op.family in _ALONE or unit.op.to_probabilities for unit in column] for column in shown]
    wide = len(networks)
    head: list[Row] = [(cell(HEADING, columns=wide),)]
    head.append(tuple(cell(network.variant or network.name) for network in networks))
    head.append(tuple(cell(f"{network.depth} weight", "layers") for network in networks))
    rows: list[Row] = [tuple(merged([_input(network) for network in networks]))]
    rules = {0, 1}
    for texts_of_row, single in _aligned(texts, alone):
        if single:
            rules.add(len(rows))
        rows.append(tuple(merged(texts_of_row) if single else map(cell, texts_of_row)))
        rows[-1] = tuple(each if each.text else Cell(columns=each.columns) for each in rows[-1])
        if single:
            rules.add(len(rows))
    left = [unit for column in hidden[:1] for unit in column]
    table = Table(
        networks[0].name,
        tuple(head),
        tuple(rows),
        notes(networks, conventions.defaults, left, input_=False),
        frozenset(rules),
    )
    gone = tuple(frozenset(node.id for unit in column for node in unit.nodes) for column in hidden)
    return Printed((table, _parameters(networks)), gone)


def _text(conventions: Conventions, unit: Unit, final: bool) -> str:
    text = conventions.text(unit, final)
    name = unit.op.name
    return _SPELLED[name] + text[len(name) :] if name in _SPELLED else text


def _input(network: Network) -> str:
    shape = network.inputs[0].shape
    if len(shape) == 3 and shape[0] == 3:
        return f"input ({shape[1]} × {shape[2]} RGB image)"
    return f"input ({shape_text(shape)})"


def _aligned(texts: list[list[str]], alone: list[list[bool]]) -> Iterator[tuple[list[str], bool]]:
    """The rows: what each column has there, and whether it stands alone. Stages are lined up where all columns have as
    many."""
    stages = [_stages(column, flags) for column, flags in zip(texts, alone, strict=True)]
    if len({tuple(single for _, single in each) for each in stages}) == 1:
        for parts in zip(*stages, strict=True):
            single = parts[0][1]
            for row in zip_longest(*(lines for lines, _ in parts), fillvalue=""):
                yield list(row), single
    else:
        for row in zip_longest(*texts, fillvalue=""):
            yield list(row), False


def _stages(column: list[str], flags: list[bool]) -> list[tuple[list[str], bool]]:
    """Runs of layers, and between them those that stand alone, each a run of its own."""
    found: list[tuple[list[str], bool]] = []
    for text, single in zip(column, flags, strict=True):
        if single:
            found.append(([text], True))
        elif found and not found[-1][1]:
            found[-1][0].append(text)
        else:
            found.append(([text], False))
    if len(found) and found[0][1]:
        found.insert(0, ([], False))
    whole: list[tuple[list[str], bool]] = []
    for each in found:  # between any two that stand alone there may be a run in another column
        if whole and whole[-1][1] and each[1]:
            whole.append(([], False))
        whole.append(each)
    return whole


def _parameters(networks: Sequence[Network]) -> Table:
    """Table 2: neighbours with as many parameters share a cell."""
    groups: list[tuple[list[str], int]] = []
    for network in networks:
        if groups and groups[-1][1] == network.params:
            groups[-1][0].append(network.variant or network.name)
        else:
            groups.append(([network.variant or network.name], network.params))
    head = (cell("Network"), *(cell(",".join(names)) for names, _ in groups))
    row = (cell("Number of parameters"), *(cell(millions(params)) for _, params in groups))
    return Table(PARAMETERS, (head,), (row,), right=frozenset(range(1, len(groups) + 1)))


def millions(count: int) -> str:
    """A count in millions with as many digits as the papers give: `138`, `6.8`, `0.27`."""
    return f"{count / 1e6:.0f}" if count >= 20e6 else f"{count / 1e6:.2g}"


# And back --------------------------------------------------------------------------------------------------------

_WEIGHTS = re.compile(r"(\d+) weight(?: layers?)?", re.IGNORECASE)
_INPUT = re.compile(r"input\s*(?:\(\s*(.*?)\s*\))?", re.IGNORECASE)
MOST_COLUMNS = 24
"""In a wider table no row is put right: there are too many ways."""
_CONVENTIONS = ("conv(act=relu)", "fc(act=relu)")
"""The paper's: all hidden layers have the rectification, which the table does not show."""


def _about(text: str) -> bool:
    """Whether a text heads the columns: it counts their layers or gives their input."""
    return text == HEADING or bool(_WEIGHTS.fullmatch(text) or _INPUT.fullmatch(text))


def fits(table: Table) -> bool:
    """Whether a good part of the cells of a table are layers, as the VGG paper or a spec writes them."""
    texts = [lines_alike(place.cell.lines) for row in placed(table) for place in row if not place.below]
    filled = [text for text in texts if text and not _about(text)]
    known = sum(layer(text) is not None for text in filled)
    return 4 * known >= len(filled) > 0


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table; cells that are no layers are told."""
    reader = _Reader(table, report)
    return reader.spec(tables)


class _Reader:
    """Reads the rows from the top: names, counts of weight layers, the input, layers."""

    def __init__(self, table: Table, report: Report):
        self.table = table
        self.report = report
        all_rows = placed(table)
        self.numbers: dict[int, int] = {}  # by its cell, the row in which it begins, from 1
        for number, row in enumerate(all_rows, 1):
            for place in row:
                self.numbers.setdefault(id(place.cell), number)
        rows = [[place for place in row if not place.below] for row in all_rows]
        self.rows = [row for row in rows if any(place.cell.lines for place in row)]
        self.wide = max((p.column + p.cell.columns for row in self.rows for p in row if p.cell.lines), default=1)
        self.spans = any(place.cell.columns > 1 for row in self.rows for place in row)
        self.headed = False
        self.names: list[str] = []
        self.depths: list[int | None] = [None] * self.wide
        self.inputs: list[str | None] = [None] * self.wide
        self.body: list[list[list[str]]] = []
        self.unread: list[tuple[int, int, Place]] = []  # row of the body, column, cell

    def spec(self, tables: Sequence[Table]) -> Spec | None:
        words = [""] * self.wide
        for row in self.rows:
            texts = self.texts(row)
            joined = " ".join(dict.fromkeys(text for text in texts if text))
            if joined == HEADING:
                self.headed = True  # what stands below are names, whatever they look like
                continue
            if any(re.search(r"\bweight\b|^layers?$", text, re.IGNORECASE) for text in texts):
                words = [f"{word} {text}".strip() for word, text in zip(words, texts, strict=True)]
                continue
            if _INPUT.fullmatch(joined) or all(not text or _INPUT.fullmatch(text) for text in texts):
                self.input(row, texts)
            elif not self.names and not self.body and self.heads(row, texts):
                self.names = self.named(texts)
            else:
                self.body.append(self.layers(row, texts))
        self.depths = [int(found[1]) if (found := _WEIGHTS.fullmatch(word)) else None for word in words]
        self.mend()
        for _, column, place in self.unread:
            self.tell(place, column)
        if not self.body:
            return None
        return self.made(tables)

    def heads(self, row: Sequence[Place], texts: list[str]) -> bool:
        """Whether a row names the columns."""
        filled = [text for text in texts if text]
        if self.wide == 1:
            return self.headed or layers(filled[0]) is None
        return len(filled) > 1 and not any(layers(text) for text in filled) and row[0].cell.columns < self.wide

    def texts(self, row: Sequence[Place]) -> list[str]:
        """The text of each column; that of a merged cell in its first."""
        found = [""] * self.wide
        for place in row:
            if place.column < self.wide:
                found[place.column] = lines_alike(place.cell.lines)
        return found

    def named(self, texts: list[str]) -> list[str]:
        """The names of the columns; a cell with several is for those that are empty behind it."""
        names = list(texts)
        for column, text in enumerate(texts):
            parts = text.split()
            if len(parts) > 1 and not any(texts[column + 1 : column + len(parts)]) and column + len(parts) <= self.wide:
                names[column : column + len(parts)] = parts
        return names

    def input(self, row: Sequence[Place], texts: list[str]) -> None:
        for place in row:
            found = _INPUT.fullmatch(texts[place.column]) if place.column < self.wide else None
            if found is None or not found[1]:
                continue
            inside = re.sub(r"\s*(RGB|gr[ae]y)?\s*images?$", "", found[1], flags=re.IGNORECASE)
            sizes = size(inside)
            shape = inside
            if sizes is not None and len(sizes) == 2 and inside != found[1]:
                shape = f"{3 if 'rgb' in found[1].lower() else 1}x{sizes[0]}x{sizes[1]}"
            shared = place.cell.columns if self.spans else self.wide
            self.inputs[place.column : place.column + shared] = [shape] * shared

    def layers(self, row: Sequence[Place], texts: list[str]) -> list[list[str]]:
        """The statements of each column in a row."""
        found: list[list[str]] = [[] for _ in range(self.wide)]
        filled = [text for text in texts if text]
        whole = layer(" ".join(filled)) or layer("".join(filled))
        if len(filled) > 1 and whole is not None and not any(map(layer, filled)):
            return [[whole] for _ in range(self.wide)]
        for place in row:
            text = texts[place.column] if place.column < self.wide else ""
            if not text:
                continue
            said = layers(text)
            if said is None:
                parts = [layer(part) for part in text.split()]
                empty = texts[place.column + 1 : place.column + len(parts)]
                if len(parts) > 1 and None not in parts and not any(empty) and len(empty) == len(parts) - 1:
                    for offset, part in enumerate(parts):
                        found[place.column + offset] = [str(part)]
                else:
                    self.unread.append((len(self.body), place.column, place))
                continue
            alone = len(filled) == 1 and place.column == 0 and not self.spans
            shared = self.wide if alone else place.cell.columns
            for column in range(place.column, min(place.column + shared, self.wide)):
                found[column] = said
        return found

    def weights(self, column: int) -> int:
        """How many weight layers a column has."""
        return sum(each.startswith(("conv", "fc", "FC", "dwconv")) for row in self.body for each in row[column])

    def mend(self) -> None:
        """Put rows right that a fragment has pushed to the left, where only so each column has the weight layers that
        its head promises."""
        if not self.unread or len(self.unread) > 3 or self.wide > MOST_COLUMNS or None in self.depths:
            return
        before = [list(row) for row in self.body]
        moves = [range(1, self.wide - column) for _, column, _ in self.unread]
        fitting = []
        for shifts in product(*moves):
            self.body = [list(row) for row in before]
            for (number, column, _), shift in zip(self.unread, shifts, strict=True):
                rest = before[number][column + 1 :]
                if any(rest[len(rest) - shift :]):
                    break
                self.body[number] = [
                    *before[number][:column],
                    *[[] for _ in range(shift + 1)],
                    *rest[: len(rest) - shift],
                ]
            else:
                if all(self.weights(column) == self.depths[column] for column in range(self.wide)):
                    fitting.append((shifts, self.body))
        self.body = before
        if len(fitting) == 1:
            shifts, self.body = fitting[0]
            for (_, column, place), shift in zip(self.unread, shifts, strict=True):
                where, span = self.where(place, column), place.cell.span
                many = f"{shift} column{'s' * (shift > 1)}"
                message = (
                    f"{where}: `{place.cell.text}` is left out, and the cells behind it are read {many} further right"
                )
                self.report.warn(
                    "E0801", message, span, help="only so each column has as many weight layers as its head says"
                )
            self.unread = []

    def where(self, place: Place, column: int) -> str:
        return f"row {self.numbers[id(place.cell)]}, column {column + 1}"

    def tell(self, place: Place, column: int) -> None:
        help = "layers are written as `conv3-64`, `maxpool`, `FC-4096`, or in the notation of a spec"
        words = f": `{place.cell.text}` is no layer"
        unread(self.report, self.numbers[id(place.cell)], place, words, column=column, help=help)

    def made(self, tables: Sequence[Table]) -> Spec:
        shape = next(filter(None, self.inputs), None)
        common = conventions([each for each in self.table.notes if not each.startswith(INPUT)], _CONVENTIONS, shape)
        acts = {each.partition("(")[0] for each in common.defaults if "act=" in each}
        for column in range(self.wide):
            self.linear(column, acts)
        names = [variant(name) if name else f"v{number}" for number, name in enumerate(self.names or [""], 1)]
        names += [f"v{number}" for number in range(len(names) + 1, self.wide + 1)]
        head = common.input if len(set(self.inputs)) == 1 else None
        rows = [tuple("; ".join(each) for each in row) for row in self.body]
        if head is None:
            rows.insert(0, tuple(f"input {each}" if each else "" for each in self.inputs))
        if any(self.depths):
            rows.append(tuple(f"expect depth = {each}" if each else "" for each in self.depths))
        counts = _counts(tables, names)
        if counts:
            rows.append(tuple(f"expect params = {counts[name]}M" if name in counts else "" for name in names))
        shared = [(row[0],) if len(set(row)) == 1 else row for row in rows]
        name = self.table.title or (self.names[0] if self.names and self.wide == 1 else "VGG")
        return Spec(name, head, common.defaults, tuple(names[: self.wide]), tuple(shared), common.assumed)

    def linear(self, column: int, acts: set[str]) -> None:
        """The last layer with weights gives the logits: it has no activation, unless it says so."""
        for row in reversed(self.body):
            for number in reversed(range(len(row[column]))):
                text = row[column][number]
                kind = re.match(r"conv|fc|dwconv|rbf|local|pointwise|upconv", text, re.IGNORECASE)
                if kind is None:
                    continue
                if kind[0].lower() in acts and "act=" not in text:
                    said = f"{text[:-1]}, act=none)" if text.endswith(")") else f"{text}(act=none)"
                    row[column] = [*row[column][:number], said, *row[column][number + 1 :]]
                return


def _counts(tables: Sequence[Table], names: Sequence[str]) -> dict[str, str]:
    """The parameters in millions, from a table of them among `tables`: by name."""
    for table in tables:
        rows = placed(table)
        for above, row in pairwise(rows):
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


__all__ = ["NotPrintable", "fits", "read", "write"]
