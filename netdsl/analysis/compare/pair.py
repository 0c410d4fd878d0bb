"""Two networks to their difference: structures, match, findings, rows.

The work is done in one direction whichever network comes first, so that the difference of b and a is exactly that of a
and b, mirrored.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

from netdsl.analysis.compare.changes import arguments
from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.difference import Difference, Place, RowKind, Side
from netdsl.analysis.compare.difference import Row as AlignedRow
from netdsl.analysis.compare.findings import findings
from netdsl.analysis.compare.forms import Forms
from netdsl.analysis.compare.match import match
from netdsl.analysis.compare.recipe import recipes
from netdsl.analysis.compare.rows import Match, Row
from netdsl.analysis.compare.sides import Sides
from netdsl.analysis.compare.structure import Layer, structure
from netdsl.ir import Network
from netdsl.passes.hash import digest


def compare(left: Network, right: Network, *, recipe: bool = False) -> Difference:
    """How `right` differs from `left`, aligned by structure.

    Spelling does not count: blocks, groups, labels and repeats, `norm=` or a statement of its own, brackets or
    `residual`. `recipe` compares how they are trained, too: the recipe and how weights are drawn. Raises `ValueError`
    for a network with errors.
    """
    for network in (left, right):
        if not network.complete or network.totals is None:
            raise ValueError(f"{network.name} has errors and cannot be compared")
    paused = gc.isenabled()
    gc.disable()  # what is made is kept, so collecting while it grows finds nothing and costs a multiple
    try:
        keys = _key(left), _key(right)
        if keys[1] < keys[0]:
            return _compare(right, left, keys[0][:2] == keys[1][:2], recipe).mirrored()
        return _compare(left, right, keys[0][:2] == keys[1][:2], recipe)
    finally:
        if paused:
            gc.enable()


def _key(network: Network) -> tuple[str, str, str]:
    """What the direction goes by; the first two are equal where both compute the same."""
    return digest(network), repr(network.totals), f"{network.name} {network.variant}"


def _compare(one: Network, other: Network, same: bool, recipe: bool) -> Difference:
    forms = Forms()
    found = match(structure(one, forms), structure(other, forms), forms)
    sides = Sides(one, other)
    # What has one hash is the same, in whatever order branches that no nesting can say were met.
    told = () if same else findings(sides, found)
    if recipe:
        told += recipes(one, other, found)
    return Difference(_side(one), _side(other), told, tuple(_rows(sides, found)), tuple(_renamed(found)), found.exact)


def _side(network: Network) -> Side:
    assert network.totals is not None
    inputs = tuple((item.name, item.shape) for item in network.inputs)
    return Side(network.name, network.variant, inputs, network.output, network.totals)


def _rows(sides: Sides, found: Match) -> Iterator[AlignedRow]:
    words = Describer(sides.one), Describer(sides.other)
    aux = sides.one.aux_nodes, sides.other.aux_nodes
    known: dict[tuple[int, int], RowKind] = {}

    def place(side: int, layer: Layer | None) -> Place | None:
        if layer is None:
            return None
        node = layer.node
        cost = sides.cost(side, node)
        notation = words[side].notation(node.op)
        line = sides.both[side].line(node.span) if node.span.file == sides.both[side].body.span.file else None
        return Place(node.path, notation, layer.shapes, node.shape, cost.params, cost.macs, line, node.id in aux[side])

    for row in found.rows:
        yield AlignedRow(_kind(row, known), row.level, place(0, row.one), place(1, row.other))


def _kind(row: Row, known: dict[tuple[int, int], RowKind]) -> RowKind:
    one, other = row.one, row.other
    if one is None:
        return "added"
    if other is None:
        return "removed"
    key = one.exact, other.exact
    if key not in known:
        changed: RowKind = "changed" if arguments(one, other) else "reshaped"
        known[key] = "same" if one.exact == other.exact else changed
    return known[key]


def _renamed(found: Match) -> Iterator[tuple[str, str]]:
    """The paths of layers with weights, where they differ."""
    for row in found.rows:
        if row.one is not None and row.other is not None:
            left, right = row.one.node, row.other.node
            if left.path != right.path and left.shares is None and left.op.weighted:
                yield left.path, right.path


__all__ = ["compare"]
