"""Two networks to their difference: layers, match, findings, rows.

The work is done in one direction whichever network comes first, so that the difference of b and a is exactly that of a
and b, mirrored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.analysis.compare.alone import Alone
from netdsl.analysis.compare.changes import Arguments, arguments, changes, initial
from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.difference import Difference
from netdsl.analysis.compare.finding import AlignedRow, Finding, Place, RowKind
from netdsl.analysis.compare.layers import Layer, Layers, Numbers
from netdsl.analysis.compare.match import Match, Pair
from netdsl.analysis.compare.wiring import rewired
from netdsl.ir import AuxHead, Network, Setting, written
from netdsl.passes.hash import digest
from netdsl.shapes import text as shape_text


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
    match = Match(Layers(one, numbers), Layers(other, numbers))
    words = Describer(match.sides[0]), Describer(match.sides[1])
    differing = [arguments(left, right) if left and right else () for left, right in match.rows]
    found = [] if same else [*_inputs(one, other), *_ends(match), *_layers(match, differing, words)]
    if recipe:
        found += [*_settings(one.train, other.train), *initial(match, words)]
    weighted = [(left.node.path, right.node.path) for left, right in match.rows if left and right and left.weighted]
    renamed = [(left, right) for left, right in weighted if left != right]
    rows = [_row(match, pair, bool(changed), words) for pair, changed in zip(match.rows, differing, strict=True)]
    return Difference(one, other, tuple(found), tuple(rows), tuple(renamed), match.exact)


def _inputs(one: Network, other: Network) -> Iterator[Finding]:
    for index in range(max(len(one.inputs), len(other.inputs))):
        both = [network.inputs[index] if index < len(network.inputs) else None for network in (one, other)]
        before, after = (shape_text(item.shape) if item is not None else "none" for item in both)
        if before != after:
            name = next(item.name for item in both if item is not None)
            yield Finding("input", "input" if name == "input" else f"input {name}", before=before, after=after)


def _ends(match: Match) -> Iterator[Finding]:
    """What further outputs and aux heads are called, and the weights of the latter."""
    for one, other in match.ends:
        if one is None or other is None:
            continue
        if one.name != other.name:
            aux = isinstance(one, AuxHead)
            yield Finding(*(("aux", "aux head") if aux else ("output", "output")), before=one.name, after=other.name)
        if isinstance(one, AuxHead) and isinstance(other, AuxHead) and one.weight != other.weight:
            before, after = ("none" if head.weight is None else f"{head.weight:g}" for head in (one, other))
            yield Finding("aux", f"aux head {one.name}: weight", before=before, after=after)


def _layers(match: Match, differing: Sequence[Arguments], words: tuple[Describer, Describer]) -> list[Finding]:
    """What is told of layers and how they are wired, in the order of the first places."""
    wired = [(len(match.rows), finding) for finding in rewired(match, words[0])]
    found = [*changes(match, differing, words), *wired, *Alone(match, words).findings()]
    return [finding for _, finding in sorted(found, key=lambda each: each[0])]


def _settings(one: Setting | None, other: Setting | None) -> Iterator[Finding]:
    """In which settings the recipes differ."""
    left, right = (setting.kwargs if setting is not None else {} for setting in (one, other))
    for name in {**left, **right}:
        before, after = (written(side[name]) if name in side else "not given" for side in (left, right))
        if before != after:
            yield Finding("recipe", f"train: {name}", before=before, after=after)


def _row(match: Match, pair: Pair, changed: bool, words: tuple[Describer, Describer]) -> AlignedRow:
    one, other = pair
    kind: RowKind = "changed" if changed else "reshaped"
    if one is None or other is None:
        kind = "added" if one is None else "removed"
    elif one.exact == other.exact:
        kind = "same"
    left, right = (_place(*each) for each in zip(pair, match.sides, words, strict=True))
    return AlignedRow(kind, any(layer.aux for layer in pair if layer is not None), left, right)


def _place(layer: Layer | None, side: Layers, words: Describer) -> Place | None:
    if layer is None:
        return None
    node, network = layer.node, side.network
    line = network.line(node.span) if node.span.file == network.body.span.file else None
    op = words.notation(node.op)
    return Place(node.path, op, layer.shapes, node.shape, layer.cost.params, layer.cost.macs, line)
