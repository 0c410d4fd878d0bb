"""Two networks to their difference: layers, match, findings, rows.

The work is done in one direction whichever network comes first, so that the difference of b and a is exactly that of a
and b, mirrored.
"""

from __future__ import annotations

from netdsl.analysis.compare.changes import arguments
from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import Place, Row, RowKind
from netdsl.analysis.compare.findings import findings, recipes
from netdsl.analysis.compare.layers import Layer, Layers, Numbers
from netdsl.analysis.compare.match import Match, Pair, match
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
    # Figures and names first, so that the direction does not hang on how digests are made.
    keys = [(repr(each.totals), f"{each.name} {each.variant}", digest(each)) for each in (left, right)]
    same = keys[0][::2] == keys[1][::2]  # both compute the same, in whatever order branches are met
    if keys[1] < keys[0]:
        return _compare(right, left, same, recipe).mirrored()
    return _compare(left, right, same, recipe)


def _compare(one: Network, other: Network, same: bool, recipe: bool) -> Difference:
    numbers = Numbers()
    found = match(Layers(one, numbers), Layers(other, numbers))
    words = Describer(found.sides[0]), Describer(found.sides[1])
    told = () if same else findings(found, words)
    if recipe:
        told += recipes(found)
    return Difference(one, other, told, _rows(found, words), _renamed(found.rows), found.exact)


def _rows(found: Match, words: tuple[Describer, Describer]) -> tuple[Row, ...]:
    known: dict[tuple[int, int], RowKind] = {}

    def kind(one: Layer | None, other: Layer | None) -> RowKind:
        if one is None or other is None:
            return "added" if one is None else "removed"
        key = one.exact, other.exact
        if key not in known:
            changed: RowKind = "changed" if arguments(one, other) else "reshaped"
            known[key] = "same" if one.exact == other.exact else changed
        return known[key]

    def place(side: int, layer: Layer | None) -> Place | None:
        if layer is None:
            return None
        node, network = layer.node, found.sides[side].network
        line = network.line(node.span) if node.span.file == network.body.span.file else None
        op = words[side].notation(node.op)
        return Place(node.path, op, layer.shapes, node.shape, layer.cost.params, layer.cost.macs, line, layer.aux)

    def level(pair: Pair) -> int:
        return next(side.scopes.level(layer.node) for side, layer in zip(found.sides, pair, strict=True) if layer)

    return tuple(Row(kind(*pair), level(pair), place(0, pair[0]), place(1, pair[1])) for pair in found.rows)


def _renamed(rows: list[Pair]) -> tuple[tuple[str, str], ...]:
    """The paths of layers with weights, where they differ."""
    pairs = [(one.node, other.node) for one, other in rows if one is not None and other is not None]
    return tuple(
        (one.path, other.path)
        for one, other in pairs
        if one.path != other.path and one.shares is None and one.op.weighted
    )
