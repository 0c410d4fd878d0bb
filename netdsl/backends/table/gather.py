"""From a network to the figures of its table, in one walk over its scopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, groupby

from netdsl.backends.table.figures import Layer, Row, Summary, joined, pruned, total
from netdsl.backends.table.fold import fold
from netdsl.backends.table.notation import Notations, call
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family
from netdsl.passes.claims import QUANTITIES, computed, show
from netdsl.passes.costs import Cost, costs
from netdsl.passes.sizes import Inputs, valid_inputs
from netdsl.passes.sizes.symbolic import symbolic as rules
from netdsl.shapes import Shape


def summary(network: Network, *, expand: bool = False, depth: int | None = None, symbolic: bool = False) -> Summary:
    """The summary of a network. `expand` unfolds equal parts of a stack; rows are nested at most `depth` levels.

    `symbolic` has outputs in terms of the input, `512 x H/32 x W/32`, where its valid sizes can be told.
    """
    totals = network.totals
    inputs = valid_inputs(network) if symbolic else None
    walk = _Walk(network, expand, {} if inputs is None else _in_terms(network, inputs))
    rows = tuple(pruned(walk.rows(network.body.children), depth))
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
        _field(network),
        tuple(walk.layers()),
        rows,
        walk.notations.throughout(),
        tuple(_reported(network)),
        valid=None if inputs is None else inputs.text() or "any size",
        result=walk.sizes.get(network.result, ""),
    )


def _in_terms(network: Network, inputs: Inputs) -> dict[int, str]:
    """The shape of each value in terms of the input's, with its rounding behind it."""
    return {value: text + f" ({way})" * bool(way) for value, (text, way) in rules(network, inputs).items()}


_NO_FIGURES = ("read", "task", "year")
"""How sure the others are, and what the zoo is ordered by."""


class _Walk:
    """Goes through the tree of a network and gathers its layers and rows; `sizes` are the texts of shapes, by value,
    that are not shown as numbers."""

    def __init__(self, network: Network, expand: bool, sizes: dict[int, str]):
        self.network = network
        self.sizes = sizes
        self.expand = expand
        self.costs: dict[int, Cost] = {node.id: cost for node, cost in zip(network.nodes, costs(network), strict=True)}
        self.notations = Notations(network)

    def layers(self) -> Iterator[Layer]:
        stack: list[tuple[Node | Scope, int | None]] = [(self.network.body, None)]
        while stack:
            item, line = stack.pop()
            line = self.line(item) or line  # of one in another file, a block of the library, that of its call
            if isinstance(item, Scope):
                stack.extend((child, line) for child in reversed(item.children))
            else:
                yield Layer(item.path, self.notations.of(item.op), item.shape, *self.figures(item), line)

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
            return  # the implicit `flatten` before fc
        if node.implicit and rows and not rows[-1].rows:
            rows[-1] = joined(rows[-1], row)
        else:
            rows.append(row)

    def row(self, node: Node) -> Row:
        made = Row(node.name, self.notations.of(node.op, short=True), node.shape, *self.figures(node))
        return replace(made, size=self.sizes.get(node.id, ""), line=self.line(node))

    def line(self, item: Node | Scope) -> int | None:
        """The line of the spec that wrote it, where that is not in another file."""
        own = item.span.file == self.network.body.span.file
        return self.network.line(item.span) if own else None

    def figures(self, node: Node) -> tuple[int | None, int | None]:
        """The parameters and multiply-adds of a layer, as far as they are known."""
        cost = self.costs[node.id]
        return (None, None) if node.shape is None else (cost.params, cost.macs)

    def group(self, scope: Scope) -> Row:
        """The row of a scope with the rows of its parts; the row of a single part instead of a group of one."""
        if scope.kind in ("join", "residual", "unit"):
            return self.joint(scope)
        parts = self.rows(scope.children)
        if len(parts) == 1:
            (part,) = parts
            if scope.kind not in ("block", "bracket", "aux"):
                return replace(part, name=scope.name or part.name)
            if not part.name or scope.kind == "aux":
                parts = list(part.rows) or parts  # the block is that join
        end = (
            next((node.id for node in reversed(list(scope.nodes()))), scope.exit) if scope.kind == "aux" else scope.exit
        )
        return self.total(scope, call(scope, self.network.definitions), end, parts)

    def total(self, scope: Scope, op: str, value: int, parts: Sequence[Row]) -> Row:
        """The row of a group that gives a value."""
        made = total(scope.name, op, self.network.shapes[value], parts)
        return replace(made, size=self.sizes.get(value, ""), line=self.line(scope))

    def joint(self, scope: Scope) -> Row:
        """The row of a join with those of its branches, or of an operator with its norm and activation."""
        own = [self.row(child) for child in scope.children if isinstance(child, Node)]
        parts: list[Row] = []
        branches = (child for child in scope.children if isinstance(child, Scope))
        for _, alike in groupby(branches, key=lambda branch: (branch.kind, branch.span)):  # made by one repeated branch
            each = [self.branch(branch) for branch in alike]
            single = all(len(rows) == 1 for rows in each) and not self.expand
            parts += fold(list(chain.from_iterable(each))) if single else chain.from_iterable(each)
        whole = self.total(scope, ", ".join(row.op for row in own), scope.exit, (*own, *parts))
        return replace(whole, rows=tuple(parts))

    def branch(self, scope: Scope) -> list[Row]:
        """The rows of a branch, one where it is a module."""
        return [self.group(scope)] if scope.name and scope.children else self.rows(scope.children)

    def stack(self, scope: Scope) -> list[Row]:
        """The rows of a repetition, equal neighbours as one."""
        each = [self.group(child) for child in scope.children if isinstance(child, Scope)]
        each = each if self.expand else list(fold(each))
        if not scope.name:
            return each
        if len(each) == 1:
            return [replace(each[0], name=scope.name)]
        return [self.total(scope, f"x{len(scope.children)}", scope.exit, each)]


def _field(network: Network) -> int | Shape | None:
    """The receptive field of the output, where it is known."""
    try:
        found: int | Shape = computed(network, None, "field")
    except ValueError:
        return None
    return found


def _reported(network: Network) -> Iterator[str]:
    """The figures that the spec records from its paper, with the computed ones where there are any, its reference."""
    for figure in network.reported:
        if figure.quantity in _NO_FIGURES:
            continue
        text = f"{figure.label}.{figure.quantity}" if figure.label else figure.quantity
        text = f"paper: {text} = {figure.text}" if text != "reference" else f"reference: {figure.value}"
        with suppress(KeyError, ValueError):
            if figure.quantity in QUANTITIES:
                text += f", computed {show(figure.quantity, computed(network, figure.label, figure.quantity))}"
        yield f"{text}; {figure.note}" if figure.note else text
