"""Table 2 of the MobileNetV2 paper (Sandler et al. 2018): a row for each sequence of n layers with expansion t,
channels c and stride s of the first.

It prints networks of convolutions, inverted residuals and a pooled classifier. Left out are dropout and the softmax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.analysis.tables.layers import Conventions, NotPrintable, Unit, branches, grouped, items
from netdsl.analysis.tables.model import Table, cell, placed
from netdsl.analysis.tables.printed import Printed, notes
from netdsl.analysis.tables.spec import Spec, conventions, unread
from netdsl.analysis.tables.spelling import lines_alike, size
from netdsl.ir import Network, Scope
from netdsl.ops import find
from netdsl.ops.shared.notation import notation
from netdsl.shapes import Shape
from netdsl.text.diagnostics import Report

TITLE = "MobileNetV2, Table 2: t, c, n, s of inverted residuals"
COLUMNS = ("Input", "Operator", "t", "c", "n", "s")
_HIDDEN = ("dropout", "softmax")


class _Block(NamedTuple):
    """An inverted residual: its expansion, channels and stride, and the number of the value that it takes."""

    t: int
    c: int
    s: int
    entry: int


def write(networks: Sequence[Network]) -> Printed:
    """The table of one network."""
    if len(networks) > 1:
        raise NotPrintable("its variants are one table each; choose one with FILE:VARIANT")
    (network,) = networks
    parts = list(grouped(items(network)))
    hidden = [part for part in parts if isinstance(part, Unit) and part.op.name in _HIDDEN]
    lines = list(_lines(network, [part for part in parts if part not in hidden]))
    if not any(isinstance(line, _Block) for line in lines):
        raise NotPrintable("it has no inverted residuals")
    conventions = Conventions([[line for line in lines if isinstance(line, Unit)]])
    rows: list[list[str]] = []
    alike: tuple[int, int] | None = None  # t and c of the sequence that the last row begins
    for line in lines:
        if isinstance(line, Unit):
            rows.append(_layer(network, conventions, line))
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
        notes(networks, conventions.defaults, hidden, input_=False, papers=("macs", "params")),
        right=frozenset({2, 3, 4, 5}),
    )
    return Printed((table,), (frozenset(node.id for unit in hidden for node in unit.nodes),))


def _lines(network: Network, parts: list[Unit | Scope]) -> Iterator[Unit | _Block]:
    """The rows before equal ones are put together."""
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if isinstance(part, Scope):
            sides = branches(part) if part.kind == "residual" else []
            last = next(reversed(list(part.nodes())))
            found = _block(network, sides[0]) if sides and not sides[1] and last.op.name == "add" else None
            if found is None or found.s != 1 or network.shapes[part.entry] != network.shapes[part.exit]:
                raise NotPrintable(f"the `{part.title}` in line {network.line(part.span)} is no inverted residual")
            yield found
            continue
        ahead: list[Unit] = [part]
        for each in reversed(waiting[-2:]):
            if not isinstance(each, Unit):
                break
            ahead.append(each)
        for count in (3, 2):
            found = _block(network, ahead[:count]) if len(ahead) >= count else None
            same = found is not None and found.s == 1 and (network.shapes[found.entry] or (0,))[0] == found.c
            if found is not None and not same:
                del waiting[len(waiting) - count + 1 :]
                yield found
                break
        else:
            yield part


def _block(network: Network, units: Sequence[Unit]) -> _Block | None:
    """An inverted residual without its shortcut, as the standard library has it; None for something else."""
    if len(units) not in (2, 3) or any(unit.op.name not in ("conv", "dwconv") for unit in units):
        return None
    *expand, depthwise, project = units
    entry = units[0].nodes[0].inputs[0]
    before = (network.shapes[entry] or (1,))[0]
    hidden = (network.shapes[depthwise.last.id] or (1,))[0]
    if hidden % before or (hidden == before) == bool(expand):
        return None
    stride = max(depthwise.op.stride)  # type: ignore[attr-defined]
    channels = (network.shapes[project.last.id] or (1,))[0]
    by = f"/{stride}" if stride > 1 else ""
    usual = [*(f"conv1-{hidden}(bias=false)" for _ in expand), f"conv3-{hidden}{by}(groups={hidden}, bias=false)"]
    usual.append(f"conv1-{channels}(bias=false)")
    acts = [unit.act.name if unit.act is not None else "none" for unit in units]
    normed = all(unit.norm is not None and notation(unit.norm) == "bn" for unit in units)
    same = [_written(unit, hidden) for unit in units] == usual
    fits = normed and same and acts == ["relu6"] * (len(units) - 1) + ["none"]
    return _Block(hidden // before, channels, stride, entry) if fits else None


def _written(unit: Unit, hidden: int) -> str:
    """A convolution as `conv` writes it, how it is drawn left out; a depthwise one in as many groups."""
    op = unit.op
    if op.name == "dwconv":
        rest = {key: getattr(op, key) for key in type(op).model_fields if key in find("conv").model_fields}
        op = find("conv").model_validate({**rest, "channels": hidden, "groups": hidden})
    return notation(op.model_copy(update={"init": None, "bias_init": None}))


def _layer(network: Network, conventions: Conventions, unit: Unit) -> list[str]:
    text = conventions.text(unit, final=unit.op.name == "fc")
    if "(" in text or unit.op.name not in ("conv", "gap", "fc", "flatten"):
        raise NotPrintable(f"it has no row for `{text}` in line {network.line(unit.last.span)}")
    shape = network.shapes[unit.nodes[0].inputs[0]]
    op = unit.op
    if op.name == "gap":
        plane = "×".join(map(str, (shape or ())[1:]))
        return [_size(shape), f"avgpool {plane}", "-", "-", "1", "-"]
    if op.name == "conv":
        kernel = "×".join(map(str, op.kernel))  # type: ignore[attr-defined]
        name = "conv2d" if kernel == "3×3" else f"conv2d {kernel}"
        return [_size(shape), name, "-", str(op.channels), "1", str(op.stride[0])]  # type: ignore[attr-defined]
    return [_size(shape), op.name, "-", str(op.features) if op.name == "fc" else "-", "1", "-"]  # type: ignore[attr-defined]


def _size(shape: Shape | None) -> str:
    if shape is None or len(shape) != 3:
        return str(shape[0]) if shape else ""
    return f"{shape[1]}²×{shape[0]}" if shape[1] == shape[2] else f"{shape[1]}×{shape[2]}×{shape[0]}"


# And back --------------------------------------------------------------------------------------------------------

_CONVENTIONS = ("conv(act=relu6, bias=false, norm=bn)",)
"""The paper's: batch normalization and ReLU6 behind each convolution."""


def fits(table: Table) -> bool:
    """Whether a table has the columns Input, Operator, t, c, n and s."""
    head = [lines_alike(place.cell.lines).lower() for row in placed(table)[:1] for place in row]
    return {"operator", "t", "c", "n", "s"} <= set(head)


def read(tables: Sequence[Table], table: Table, report: Report) -> Spec | None:
    """The spec of a table, its blocks those of the standard library."""
    rows = placed(table)
    columns = {lines_alike(place.cell.lines).lower(): place.column for place in rows[0]}
    statements: list[str] = []
    shape: str | None = None
    head: list[str] = []
    for number, row in enumerate(rows[1:], 2):
        places = {place.column: place for place in row}
        given = {name: lines_alike(places[at].cell.lines) if at in places else "" for name, at in columns.items()}
        sizes = size(given.get("input", ""))
        if shape is None and sizes is not None and len(sizes) == 3:
            shape = f"{sizes[2]}x{sizes[0]}x{sizes[1]}"
        found = _statement(given)
        if isinstance(found, str):
            statements.append(found)
            if given["c"] == "k" and not head:
                head.append("param k = 1000")
        else:
            name, wanted = found
            place = places.get(columns[name], row[0])
            said_ = f"`{given[name]}`" if given[name] else "the empty cell"
            unread(report, number, place, f" ({name}): {said_} is not {wanted}", column=columns[name])
    if not statements:
        return None
    common = conventions(table.notes, _CONVENTIONS, shape)
    written = tuple((each,) for each in statements)
    name, assumed = table.title or "MobileNetV2", (*head, *common.assumed)
    return Spec(name, common.input, common.defaults, ("",), written, assumed, tuple(head))


def _statement(given: dict[str, str]) -> str | tuple[str, str]:
    """The statement of a row, or the column that cannot be read and what should stand there."""
    operator = given["operator"].lower()
    stride = f"/{given['s']}" if given["s"] not in ("", "-", "1") else ""
    if (found := re.fullmatch(r"conv2d(?:,?\s*(\d+)x(\d+))?", operator)) is not None:
        kernel = (found[1] if found[1] == found[2] else f"{found[1]}x{found[2]}") if found[1] else "3"
        if given["c"] == "k":
            return f"conv{kernel}-k(norm=none, act=none, bias=true)"
        return f"conv{kernel}-{given['c']}{stride}" if given["c"].isdigit() else ("c", "a number of channels")
    if re.fullmatch(r"av(?:era)?ge?\s*pool(ing)?\s*(\d+x\d+)?", operator):
        return "gap"
    if operator in ("fc", "linear"):
        return f"fc-{given['c']}" if given["c"].isdigit() else ("c", "a number of features")
    if operator == "flatten":
        return "flatten"
    if not re.fullmatch(r"(inverted\s*)?(bottleneck|residual)", operator):
        return "operator", "an operator: conv2d, bottleneck, avgpool, fc"
    for column, wanted in (
        ("t", "an expansion"),
        ("c", "a number of channels"),
        ("n", "a number of layers"),
        ("s", "a stride"),
    ):
        if not given[column].isdigit():
            return column, wanted
    times = f" x{given['n']}" if given["n"] != "1" else ""
    return f"inverted_residual({given['c']}, expansion={given['t']}){times}" + (f" {stride}" if stride else "")
