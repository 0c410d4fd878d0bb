"""Table 1 of the VGG paper (Simonyan & Zisserman 2015): a column for each configuration, a layer a row; and its Table
2, the parameters in millions.

It prints networks whose layers follow one another. Pools, fully connected layers and what stands alone are merged over
the columns that agree; the rows of a stage are lined up at the top. Dropout is left out, and so are activations and
norms, by a convention that the paper's caption states: what follows nearly every convolution is said in a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from netdsl.analysis.tables import columns
from netdsl.analysis.tables.columns import HEADING
from netdsl.analysis.tables.layers import Conventions, Unit, chain, last_weighted, units
from netdsl.analysis.tables.model import Cell, Row, Table, cell, merged, placed
from netdsl.analysis.tables.printed import Printed, millions, notes
from netdsl.analysis.tables.spec import Spec
from netdsl.analysis.tables.spelling import layer
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report

TITLE = "VGG, Tables 1 and 2: a column for each configuration"
KNOWN = "layers such as `conv3-64` in a column for each network"
PARAMETERS = "Number of parameters (in millions)"
LEFT_OUT = ("dropout",)
SPELLED = {"fc": "FC", "softmax": "soft-max", "lrn": "LRN"}
ALONE = (Family.POOLING, Family.FULLY_CONNECTED)
"""What stands in one cell over all columns that agree, between two rules."""


def write(networks: Sequence[Network]) -> Printed:
    """The two tables of some variants of a network."""
    of = [list(units(chain(network))) for network in networks]
    hidden = [[unit for unit in column if unit.op.name in LEFT_OUT] for column in of]
    shown = [[unit for unit in column if unit.op.name not in LEFT_OUT] for column in of]
    throughout = Conventions(shown)
    texts = [[_text(throughout, unit, unit is last_weighted(column)) for unit in column] for column in shown]
    alone = [[unit.op.family in ALONE or unit.op.to_probabilities for unit in column] for column in shown]
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
    said = notes(networks, throughout.defaults, hidden[0], input_=False)
    table = Table(networks[0].name, tuple(head), tuple(rows), said, frozenset(rules))
    return Printed.of([table, _parameters(networks)], hidden)


def _text(throughout: Conventions, unit: Unit, final: bool) -> str:
    text = throughout.text(unit, final)
    name = unit.op.name
    return SPELLED[name] + text[len(name) :] if name in SPELLED else text


def _input(network: Network) -> str:
    shape = network.inputs[0].shape
    if len(shape) == 3 and shape[0] == 3:
        return f"input ({shape[1]} × {shape[2]} RGB image)"
    return f"input ({shape_text(shape)})"


def _aligned(texts: list[list[str]], alone: list[list[bool]]) -> Iterator[tuple[list[str], bool]]:
    """The rows: what each column has there, and whether it stands alone. Stages are lined up at the top."""
    stages = [_stages(column, flags) for column, flags in zip(texts, alone, strict=True)]
    for number, parts in enumerate(zip_longest(*stages, fillvalue=[])):
        for row in zip_longest(*parts, fillvalue=""):
            yield list(row), number % 2 == 1


def _stages(column: list[str], flags: list[bool]) -> list[list[str]]:
    """By turns a run of layers, perhaps none, and one that stands alone."""
    found: list[list[str]] = [[]]
    for text, single in zip(column, flags, strict=True):
        if single:
            found += [[text], []]
        else:
            found[-1].append(text)
    return found


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


# And back --------------------------------------------------------------------------------------------------------

CONVENTIONS = ("conv(act=relu)", "fc(act=relu)")
"""The paper's: all hidden layers have the rectification, which the table does not show."""


def fits(table: Table) -> bool:
    """Whether a good part of the cells of a table are layers, as the VGG paper or a spec writes them."""
    texts = [columns.text(place.cell) for row in placed(table) for place in row if not place.below]
    filled = [text for text in texts if text and not columns.about(text)]
    return 4 * sum(layer(text) is not None for text in filled) >= len(filled) > 0


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table, with a variant for each column; cells that are no layers are told."""
    return columns.read(tables, table, report, CONVENTIONS, "VGG")
