"""Table 2 of the MobileNetV2 paper (Sandler et al. 2018): a row for each sequence of n layers with expansion t,
channels c and stride s of the first.

It prints networks of convolutions, inverted residuals and a pooled classifier. Left out are dropout and the softmax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.analysis.tables import records
from netdsl.analysis.tables.layers import (
    Conventions,
    NotPrintable,
    Unit,
    branches,
    by,
    field,
    single,
    split,
    times,
)
from netdsl.analysis.tables.model import Place, Table, cell
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.records import Given, Unread
from netdsl.analysis.tables.spec import Spec, conventions
from netdsl.analysis.tables.spelling import layer, size
from netdsl.ir import Network, Scope
from netdsl.shapes import Shape
from netdsl.text.diagnostics import Report

TITLE = "MobileNetV2, Table 2: t, c, n, s of inverted residuals"
KNOWN = "columns Operator, t, c, n, s"
COLUMNS = ("Input", "Operator", "t", "c", "n", "s")
LEFT_OUT = ("dropout", "softmax")


class _Block(NamedTuple):
    """An inverted residual: its expansion, channels and stride, and the number of the value that it takes."""

    t: int
    c: int
    s: int
    entry: int


def write(networks: Sequence[Network]) -> Printed:
    """The table of one network."""
    network = single(networks)
    parts, hidden = split(network, LEFT_OUT)
    lines = list(_lines(network, parts))
    if not any(isinstance(line, _Block) for line in lines):
        raise NotPrintable("it has no inverted residuals")
    throughout = Conventions([[line for line in lines if isinstance(line, Unit)]])
    rows: list[list[str]] = []
    alike: tuple[int, int] | None = None  # t and c of the sequence that the last row begins
    for line in lines:
        if isinstance(line, Unit):
            rows.append(_layer(network, line))
            alike = None
        elif alike == line[:2] and line.s == 1:
            rows[-1][4] = str(int(rows[-1][4]) + 1)
        else:
            rows.append([_size(network.shapes[line.entry]), "bottleneck", str(line.t), str(line.c), "1", str(line.s)])
            alike = line[:2]
    table = Table(
        network.name if network.variant is None else f"{network.name} {network.variant}",
        (tuple(map(cell, COLUMNS)),),
        tuple(tuple(map(cell, row)) for row in rows),
        notes(networks, throughout.defaults, hidden, input_=False, papers=("macs", "params")),
        right=frozenset({2, 3, 4, 5}),
    )
    return Printed.of([table], [hidden])


def _lines(network: Network, parts: Sequence[Unit | Scope]) -> Iterator[Unit | _Block]:
    """The rows before equal ones are put together: an inverted residual is a join, or two or three layers in a row."""
    at = 0
    while at < len(parts):
        part = parts[at]
        ahead = [part] if isinstance(part, Unit) else branches(part)[0]
        if isinstance(part, Unit):
            ahead = [each for each in parts[at : at + 3] if isinstance(each, Unit)]
        whole = isinstance(part, Scope)
        counts = [len(ahead)] if whole else [3, 2]
        found = next(((n, block) for n in counts if (block := _block(network, ahead[:n])) and n <= len(ahead)), None)
        if found is not None:
            yield found[1]
            at += 1 if whole else found[0]
        elif isinstance(part, Unit):
            yield part
            at += 1
        else:
            raise NotPrintable(f"the `{part.title}` in line {network.line(part.span)} is no inverted residual")


def _block(network: Network, units: Sequence[Unit]) -> _Block | None:
    """An inverted residual, its shortcut left out: it expands or not, then filters depthwise, then projects."""
    if len(units) not in (2, 3):
        return None
    *expand, depthwise, project = units
    entry = units[0].nodes[0].inputs[0]
    before, hidden, channels = ((network.shapes[n] or (1,))[0] for n in (entry, depthwise.last.id, project.last.id))
    single_maps = depthwise.op.name == "dwconv" or field(depthwise.op, "groups") == hidden
    expands = [by(unit.op) for unit in expand] == ["1×1/1"]
    if not single_maps or hidden % before or (hidden != before) != expands:
        return None
    return _Block(hidden // before, channels, max(field(depthwise.op, "stride")), entry)


def _layer(network: Network, unit: Unit) -> list[str]:
    op = unit.op
    shape = network.shapes[unit.nodes[0].inputs[0]]
    cells = {"gap": (f"avgpool {times((shape or ())[1:])}", "-", "-"), "flatten": ("flatten", "-", "-")}
    cells["fc"] = ("fc", str(field(op, "features")), "-")
    if op.name == "conv":
        kernel = times(field(op, "kernel"))
        name = "conv2d" if kernel == "3×3" else f"conv2d {kernel}"
        cells["conv"] = (name, str(field(op, "channels")), str(max(field(op, "stride"))))
    if op.name not in cells:
        raise NotPrintable(f"it has no row for `{op.name}` in line {network.line(unit.last.span)}")
    name, channels, stride = cells[op.name]
    return [_size(shape), name, "-", channels, "1", stride]


def _size(shape: Shape | None) -> str:
    if shape is None or len(shape) != 3:
        return str(shape[0]) if shape else ""
    return f"{shape[1]}²×{shape[0]}" if shape[1] == shape[2] else f"{shape[1]}×{shape[2]}×{shape[0]}"


# And back --------------------------------------------------------------------------------------------------------

CONVENTIONS = ("conv(act=relu6, bias=false, norm=bn)",)
"""The paper's: batch normalization and ReLU6 behind each convolution."""
SEQUENCE = {"t": "an expansion", "c": "a number of channels", "n": "a number of layers", "s": "a stride"}


def fits(table: Table) -> bool:
    """Whether a table has the columns Operator, t, c, n and s."""
    return {"operator", "t", "c", "n", "s"} <= set(records.heads(table))


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table, its blocks those of the standard library."""
    columns = records.heads(table)
    statements = records.read(table, columns, _statement, report)
    if not statements:
        return None
    head = ("param k = 1000",) if any("-k(" in each for each in statements) else ()
    common = conventions(table.notes, CONVENTIONS, next(filter(None, map(_input, records.rows(table, columns))), None))
    written = tuple((each,) for each in statements)
    name, assumed = table.title or "MobileNetV2", (*head, *common.assumed)
    return Spec(name, common.input, common.defaults, ("",), written, assumed, head)


def _input(row: tuple[int, list[Place], Given]) -> str | None:
    sizes = size(row[2].get("input", ""))
    return f"{sizes[2]}x{sizes[0]}x{sizes[1]}" if sizes is not None and len(sizes) == 3 else None


def _statement(given: Given) -> str:
    """The statement of a row."""
    operator, channels = given["operator"].lower(), given["c"]
    stride = f"/{given['s']}" if given["s"] not in ("", "-", "1") else ""
    if re.fullmatch(r"(inverted\s*)?(bottleneck|residual)", operator):
        for name, wanted in SEQUENCE.items():
            if not given[name].isdigit():
                raise Unread(name, wanted)
        times = f" x{given['n']}" if given["n"] != "1" else ""
        return f"inverted_residual({channels}, expansion={given['t']}){times}" + (f" {stride}" if stride else "")
    if (found := re.fullmatch(r"conv2d(?:,?\s*(\d+x\d+))?", operator)) is not None:
        kernel = found[1] or "3x3"
        if channels == "k":
            return f"conv{kernel.split('x')[0]}-k(norm=none, act=none, bias=true)"
        said = layer(f"{kernel}, {channels}{stride}")
    elif operator in ("fc", "linear"):
        said = layer(f"fc-{channels}")
    elif re.fullmatch(r"av(?:era)?ge?\s*pool(ing)?\s*(\d+x\d+)?", operator):
        said = "gap"
    elif operator == "flatten":
        said = "flatten"
    else:
        raise Unread("operator", "an operator: conv2d, bottleneck, avgpool, fc")
    if said is None:
        raise Unread("c", SEQUENCE["c"])
    return said
