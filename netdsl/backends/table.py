"""A network to its table, as the papers print it: layers, output shapes, parameters, multiply-adds.

`summary` gathers the figures, once as the flat list of all layers and once as rows in the order and nesting of the
spec; `to_text`, `to_markdown` and `to_json` write them down. In the rows a normalization or activation that was given
by `norm=` or `act=` stands with its operator, blocks and joins are groups with the sum of their parts, and equal
neighbours of a stack are one row, `x3`, which counts all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import east_asian_width

from pydantic_core import PydanticUndefined

from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family, Operator
from netdsl.passes.claims import QUANTITIES, computed, show
from netdsl.passes.costs import Cost, costs
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text

_LONGEST_OPERATOR = 60
_MANY = 3
"""From so many layers on, what all of them have alike is said once above the table."""


@dataclass(frozen=True)
class Layer:
    """One operator: its place in the `state_dict`, its notation, its output, its figures, its line in the spec."""

    name: str
    op: str
    output: Shape | None
    params: int
    macs: int
    line: int | None


@dataclass(frozen=True)
class Row:
    """A row of the table: a layer, or a group with its parts. `params` and `macs` are those of all `times`."""

    name: str
    op: str
    output: Shape | None
    params: int
    macs: int
    times: int = 1
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The figures of a network, without the aux heads; None where errors left them unknown.

    `throughout` says what the operators of the rows leave out, `reported` what the paper prints, beside what is
    computed.
    """

    name: str
    variant: str | None
    input: Shape | dict[str, Shape]
    output: Shape | None
    params: int | None
    aux_params: int | None
    macs: int | None
    depth: int | None
    frozen_params: int | None
    layers: tuple[Layer, ...]
    rows: tuple[Row, ...]
    throughout: tuple[str, ...]
    reported: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.name} ({self.variant})" if self.variant else self.name


def summary(network: Network, *, expand: bool = False, depth: int | None = None) -> Summary:
    """The summary of a network. `expand` unfolds equal parts of a stack; rows are nested at most `depth` levels."""
    totals = network.totals
    walk = _Walk(network, expand)
    rows = tuple(_pruned(walk.rows(network.body.children), depth))
    return Summary(
        network.name,
        network.variant,
        network.input,
        network.output,
        totals.params if totals else None,
        totals.aux_params if totals else None,
        totals.macs if totals else None,
        totals.depth if totals else None,
        totals.frozen_params if totals else None,
        tuple(walk.layers()),
        rows,
        walk.throughout(),
        tuple(_reported(network)),
    )


class _Walk:
    """Goes through the tree of a network and gathers its layers and rows."""

    def __init__(self, network: Network, expand: bool):
        self.network = network
        self.expand = expand
        self.costs: dict[int, Cost] = {node.id: cost for node, cost in zip(network.nodes, costs(network), strict=True)}
        self.common = _common_arguments(network)
        self.notations: dict[tuple[int, bool], str] = {}

    def notation(self, op: Operator, short: bool = False) -> str:
        """The operator's notation; the short one leaves out what all its kind have in common."""
        # Stacks share their operators, so each is written once.
        key = (id(op), short)
        if key not in self.notations:
            usual = self.common.get(op.name) if short else None
            self.notations[key] = (op.model_copy(update=usual) if usual else op).notation()
        return self.notations[key]

    def throughout(self) -> tuple[str, ...]:
        """The arguments that the short notations leave out, as a spec's `default` lines would give them."""
        found = []
        for name, usual in self.common.items():
            example = next(node.op for node in self.network.nodes if node.op.name == name)
            bare = {key: info.default for key, info in type(example).model_fields.items() if key not in usual}
            arguments = example.model_copy(
                update={key: item for key, item in bare.items() if item is not PydanticUndefined}
            )
            found.append(f"{name}({arguments.notation().partition('(')[2]}")
        return tuple(found)

    def layers(self) -> Iterator[Layer]:
        file = self.network.body.span.file
        stack: list[tuple[Node | Scope, int | None]] = [(self.network.body, None)]
        while stack:
            item, line = stack.pop()
            # What lies in another file (a block of the standard library) has the line of its call.
            if item.span.file == file:
                line = self.network.line(item.span)
            if isinstance(item, Scope):
                stack.extend((child, line) for child in reversed(item.children))
            else:
                cost = self.costs[item.id]
                yield Layer(item.path, self.notation(item.op), item.shape, cost.params, cost.macs, line)

    def rows(self, items: Iterable[Node | Scope]) -> list[Row]:
        """The rows of some statements in order."""
        rows: list[Row] = []
        for item in items:
            if isinstance(item, Node):
                self.add(rows, item)
            elif item.kind == "repeat":
                rows += self.stack(item)
            elif item.kind in ("group", "unit", "branch", "shortcut", "iteration", "net") and not item.name:
                rows += self.rows(item.children)
            else:
                rows.append(self.group(item))
        return rows

    def add(self, rows: list[Row], node: Node) -> None:
        """Add a layer, or add it to the row of the operator that it belongs to."""
        row = self.row(node)
        if node.implicit and node.op.family is Family.REARRANGEMENT:
            return  # the flattening before fc
        if node.implicit and rows and not rows[-1].rows:
            rows[-1] = _joined(rows[-1], row)
        else:
            rows.append(row)

    def row(self, node: Node) -> Row:
        cost = self.costs[node.id]
        return Row(node.name, self.notation(node.op, short=True), node.shape, cost.params, cost.macs)

    def group(self, scope: Scope) -> Row:
        """The row of a scope with the rows of its parts; a part alone takes its place."""
        if scope.kind in ("join", "residual", "unit"):
            return self.joint(scope)
        parts = self.rows(scope.children)
        if len(parts) == 1:
            (part,) = parts
            if scope.kind not in ("block", "bracket", "aux"):
                return replace(part, name=scope.name or part.name)
            if not part.name or scope.kind == "aux":
                parts = list(part.rows) or parts  # the block is that join
        output = parts[-1].output if scope.kind == "aux" and parts else self.network.shapes[scope.exit]
        return _sum(scope.name, _call(scope), output, parts)

    def joint(self, scope: Scope) -> Row:
        """The row of a join with those of its branches, or of an operator with its norm and activation."""
        own: list[Row] = []
        parts: list[Row] = []
        for child in scope.children:
            if isinstance(child, Node):
                own.append(self.row(child))
            elif child.name and child.children:
                parts.append(self.group(child))
            else:
                parts += self.rows(child.children)
        whole = _sum(scope.name, ", ".join(row.op for row in own), self.network.shapes[scope.exit], (*own, *parts))
        return replace(whole, rows=tuple(parts))

    def stack(self, scope: Scope) -> list[Row]:
        """The rows of a repetition, equal neighbours as one."""
        each = [self.group(child) for child in scope.children if isinstance(child, Scope)]
        each = each if self.expand else list(_fold(each))
        if not scope.name:
            return each
        if len(each) == 1:
            return [replace(each[0], name=scope.name)]
        return [_sum(scope.name, f"x{len(scope.children)}", self.network.shapes[scope.exit], each)]


def _common_arguments(network: Network) -> dict[str, dict[str, Any]]:
    """For each operator, the arguments that all its layers have alike, but not by default, with that default."""
    found: dict[str, dict[str, Any]] = {}
    several: dict[str, list[Operator]] = {}
    for node in network.nodes:
        several.setdefault(node.op.name, []).append(node.op)
    for name, ops in several.items():
        if len(ops) < _MANY:
            continue
        kind = type(ops[0])
        for key, info in kind.model_fields.items():
            value = getattr(ops[0], key)
            if info.is_required() or key in kind.geometry or value == info.default:
                continue
            if all(getattr(op, key) == value for op in ops):
                found.setdefault(name, {})[key] = info.default
    return found


def _sum(name: str, op: str, output: Shape | None, parts: Sequence[Row]) -> Row:
    params, macs = sum(row.params for row in parts), sum(row.macs for row in parts)
    return Row(name, op, output, params, macs, 1, tuple(parts))


def _reported(network: Network) -> Iterator[str]:
    """The figures that the spec records from its paper, and the computed ones where there are any."""
    for figure in network.reported:
        text = f"{figure.label}.{figure.quantity}" if figure.label else figure.quantity
        text += f" = {figure.text}"
        with suppress(KeyError, ValueError):
            if figure.quantity in QUANTITIES:
                text += f", computed {show(figure.quantity, computed(network, figure.label, figure.quantity))}"
        yield f"{text}; {figure.note}" if figure.note else text


def _pruned(rows: Iterable[Row], depth: int | None) -> Iterator[Row]:
    """The rows down to a level."""
    for row in rows:
        if row.rows and depth is not None:
            row = replace(row, rows=tuple(_pruned(row.rows, depth - 1)) if depth > 1 else ())
        yield row


def _joined(row: Row, more: Row) -> Row:
    return replace(
        row, op=f"{row.op}, {more.op}", output=more.output, params=row.params + more.params, macs=row.macs + more.macs
    )


def _call(scope: Scope) -> str:
    """How a group is called in the table: a block with the values of its parameters."""
    if scope.kind == "block" and scope.arguments:
        text = f"{scope.title}({', '.join(map(_value, scope.arguments.values()))})"
        return text if len(text) <= _LONGEST_OPERATOR else f"{text[: _LONGEST_OPERATOR - 3]}..."
    if scope.kind == "aux":
        return "aux"
    if scope.kind == "bracket":
        return f"[{scope.title}]"
    return scope.title if scope.title != scope.name else ""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(getattr(value, "name", value))


def _fold(rows: Sequence[Row]) -> Iterator[Row]:
    """Equal neighbours as one row that counts all of them, named from the first to the last."""
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and _same(rows[at], rows[end]):
            end += 1
        first, last, times = rows[at], rows[end - 1], end - at
        if times == 1:
            yield first
        else:
            name = f"{first.name}-{last.name}" if first.name and last.name else ""
            yield replace(first, name=name, params=first.params * times, macs=first.macs * times, times=times)
        at = end


def _same(left: Row, right: Row) -> bool:
    return (
        (left.op, left.output, left.params, left.macs, left.times, len(left.rows))
        == (right.op, right.output, right.params, right.macs, right.times, len(right.rows))
        and all(map(_same, left.rows, right.rows))
    )  # fmt: skip


# Writing it down -----------------------------------------------------------------------------------------------------

_HEAD = ("layer", "operator", "output", "params", "multiply-adds")


def to_text(summary: Summary, *, bold: bool = False) -> str:
    """The table for a terminal: aligned, groups indented, thousands separated. `bold` prints head and total in bold."""
    lines = list(_lines(summary.rows, 0))
    total = ("total", "", shape_text(summary.output), _count(summary.params), _count(summary.macs))
    widths = [max(_width(line[column]) for line in (_HEAD, *lines, total)) for column in range(len(_HEAD))]

    def write(cells: Sequence[str]) -> str:
        left = (cell + " " * (size - _width(cell)) for cell, size in zip(cells[:3], widths, strict=False))
        right = (cell.rjust(size) for cell, size in zip(cells[3:], widths[3:], strict=True))
        return "  ".join((*left, *right)).rstrip()

    def strong(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if bold else text

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    written = [strong(_title(summary))]
    written += [f"throughout: {', '.join(summary.throughout)}"] if summary.throughout else []
    written += ["", strong(write(_HEAD)), rule, *map(write, lines), rule, strong(write(total)), "", *_notes(summary)]
    return "\n".join(written) + "\n"


def _title(summary: Summary) -> str:
    return f"{summary.title}: {_input(summary)} -> {shape_text(summary.output)}"


def _notes(summary: Summary) -> Iterator[str]:
    """What stands below the table."""
    yield f"depth {_count(summary.depth)}: convolutions and fully connected layers on the longest path"
    if summary.aux_params:
        yield f"aux heads, in training only and not in the total: {summary.aux_params:,} params"
    if summary.frozen_params:
        yield f"frozen, not in the total: {summary.frozen_params:,} params"
    if any(row.times > 1 and row.rows for row in _all(summary.rows)):
        yield "a group xN counts all N; the rows in it are those of one"
    for each in summary.reported:
        yield f"paper: {each}"


def to_markdown(summary: Summary) -> str:
    """The table in Markdown; groups are indented by non-breaking spaces."""

    def cell(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|").replace("  ", "&nbsp;&nbsp;")

    total = ("total", "", shape_text(summary.output), _count(summary.params), _count(summary.macs))
    written = [f"**{cell(_title(summary))}**", ""]
    written += [f"Throughout: {cell(', '.join(summary.throughout))}", ""] if summary.throughout else []
    written += [f"| {' | '.join(_HEAD)} |", "|---|---|---|---:|---:|"]
    written += [f"| {' | '.join(map(cell, line))} |" for line in _lines(summary.rows, 0)]
    written += [f"| {' | '.join(f'**{each}**' if each else '' for each in total)} |", ""]
    written += [f"- {cell(note)}" for note in _notes(summary)]
    return "\n".join(written) + "\n"


def to_json(summary: Summary) -> str:
    """The figures as JSON: exact integers, shapes as lists without the batch, every layer in order."""
    return json.dumps(document(summary), indent=2) + "\n"


def document(summary: Summary) -> dict[str, Any]:
    """The figures as plain data."""
    inputs = summary.input
    return {
        "name": summary.name,
        "variant": summary.variant,
        "input": {name: list(shape) for name, shape in inputs.items()} if isinstance(inputs, dict) else list(inputs),
        "output": _list(summary.output),
        "params": summary.params,
        "aux_params": summary.aux_params,
        "macs": summary.macs,
        "depth": summary.depth,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "output": _list(layer.output),
                "params": layer.params,
                "macs": layer.macs,
                "line": layer.line,
            }
            for layer in summary.layers
        ],
    }


def _list(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _input(summary: Summary) -> str:
    if isinstance(summary.input, dict):
        return ", ".join(f"{name}: {shape_text(shape)}" for name, shape in summary.input.items())
    return shape_text(summary.input)


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _figure(number: int) -> str:
    return f"{number:,}" if number else ""


def _lines(rows: Iterable[Row], level: int) -> Iterator[tuple[str, str, str, str, str]]:
    for row in rows:
        times = f"  x{row.times}" if row.times > 1 else ""
        yield (
            "  " * level + (row.name or "-"),
            (row.op + times).strip(),
            shape_text(row.output),
            _figure(row.params),
            _figure(row.macs),
        )
        yield from _lines(row.rows, level + 1)


def _all(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _all(row.rows)


def _width(text: str) -> int:
    """Columns of a terminal, where a label or a name is not ASCII."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
