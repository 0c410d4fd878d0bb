"""What only one network has, to findings: what repeats is counted, what is the same is told once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.finding import MERGED, Finding, FindingKind, Spot, merged
from netdsl.analysis.compare.layers import Layer
from netdsl.analysis.compare.match import Match
from netdsl.analysis.compare.scopes import BRANCHES, Scopes
from netdsl.ir import AuxHead
from netdsl.ops import Family

_OFTEN, _LONGEST_UNIT = 4, 64
"""Units of at most so many layers that come so often in a row are told apart from what lies around them."""
_FOLLOWING = (Family.NORMALIZATION, Family.ACTIVATION, Family.REGULARIZATION)
"""Layers that belong to the one before them."""
_KINDS: tuple[FindingKind, FindingKind] = ("removed", "added")


class Part(NamedTuple):
    """Consecutive layers that only one side has (0: left), a unit or repetitions of it.

    `branch` is the word for a whole branch of a join; `counts` are the iterations of a repetition on both sides, where
    the part is what one of them has more.
    """

    side: int
    branch: str
    unit: Sequence[Layer]
    layers: Sequence[Layer]
    counts: tuple[str, str] | None

    @property
    def aux(self) -> bool:
        return self.unit[0].aux

    @property
    def times(self) -> int:
        return len(self.layers) // len(self.unit)


class Alone:
    """The parts, and the outputs and aux heads, that only one network has."""

    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.places = {id(layer): at for at, row in enumerate(match.rows) for layer in row if layer is not None}
        self.present = [
            Counter((layer.aux, layer.name) for layer in side.by_value.values()) for side in self.match.sides
        ]

    def findings(self) -> Iterator[tuple[int, Finding]]:
        """All findings, each with the row of its first place."""
        yield from self.ends()
        groups: dict[Hashable, list[Part]] = defaultdict(list)
        for part in self.parts():
            forms = tuple(layer.form for layer in part.unit)
            groups[part.side, part.aux, part.branch, forms, id(part) if part.counts else None].append(part)
        families: dict[tuple[int, bool, str], list[tuple[int, Finding]]] = defaultdict(list)
        for parts in groups.values():
            first, behind = parts[0], self.behind(parts)
            told = self.places[id(first.unit[0])], self.finding(parts, behind)
            if behind or first.counts:
                yield told
            else:
                names = ", ".join(layer.name for layer in first.unit)
                families[first.side, first.aux, first.branch + names].append(told)
        for (*_, title), family in families.items():
            many = len(family) > MERGED
            yield from [(family[0][0], merged([finding for _, finding in family], title))] if many else family

    def ends(self) -> Iterator[tuple[int, Finding]]:
        for pair in self.match.ends:
            for side, end in enumerate(pair):
                if end is not None and pair[1 - side] is None:
                    head = isinstance(end, AuxHead)
                    layers = self.match.sides[side].sequences[end.name] if head else []
                    at = self.places[id(layers[0])] if layers else len(self.match.rows)
                    text = f"{'aux head' if head else 'output'} {end.name}"
                    yield at, Finding(_KINDS[side], text, aux=head, **_figures(side, layers))

    def parts(self) -> Iterator[Part]:
        """What one side has alone on the main path, or in an aux head that both have."""
        for side, (layers, mates) in enumerate(zip(self.match.sides, self.match.mates, strict=True)):
            for names in self.match.paths:
                before: Layer | None = None
                known = [(layer.node.id in mates, layer) for layer in layers.sequences[names[side]]]
                for paired, group in groupby(known, itemgetter(0)):
                    run = [layer for _, layer in group]
                    for branch, inside in () if paired else _branches(run, layers.scopes):
                        for unit, repeated in _repeating(inside):
                            yield Part(side, branch, unit, repeated, self.counts(side, before, unit, repeated))
                    before = run[-1]

    def counts(
        self, side: int, before: Layer | None, unit: Sequence[Layer], layers: Sequence[Layer]
    ) -> tuple[str, str] | None:
        """How many iterations a repetition has on both sides, where the layers are what one has more of them."""
        if before is None:
            return None
        values = before.node.id, self.match.mates[side][before.node.id]
        scopes = self.match.sides[side].scopes, self.match.sides[1 - side].scopes
        own, other = (each.repeats.get(value) for each, value in zip(scopes, values, strict=True))
        if own is None or other is None or own is not scopes[0].repeats.get(layers[0].node.id):
            return None
        nodes = {layer.node.id for layer in layers}
        begun = sum(scopes[0].spans[id(iteration)][0] in nodes for iteration in own.children)
        more, less = len(own.children), len(other.children)
        if not begun == len(layers) // len(unit) == more - less:
            return None
        return (f"{less}", f"{more}") if side else (f"{more}", f"{less}")

    def behind(self, parts: Sequence[Part]) -> str:
        """What single layers stand behind, and whether that is all there are of its kind."""
        side, _, unit, *_ = parts[0]
        if len(unit) > 1 or unit[0].node.op.family not in _FOLLOWING:
            return ""
        givers = {self.match.sides[side].by_value.get(part.unit[0].inputs[0]) for part in parts}
        names = {giver.name if giver is not None else "" for giver in givers}
        name = names.pop()
        count = sum(part.times for part in parts)
        every = "every " if count == self.present[side][parts[0].aux, name] > 1 else ""
        return f" behind {every}{name}" if name and not names else ""

    def finding(self, parts: Sequence[Part], behind: str) -> Finding:
        """The same layers in all their places."""
        side, branch, unit, _, counts = parts[0]
        before, after = counts or (None, None)
        return Finding(
            _KINDS[side],
            branch + self.words[side].text(unit) + behind,
            sum(part.times for part in parts),
            before=before,
            after=after,
            spots=tuple(map(self.spot, parts)),
            aux=parts[0].aux,
            **_figures(side, [layer for part in parts for layer in part.layers]),
        )

    def spot(self, part: Part) -> Spot:
        """Where a part is: the path of the first of its blocks, or of its first layer, and of the last repetition."""
        words = self.words[part.side]
        path, last = words.path(part.unit), words.path(part.layers[-len(part.unit) :])
        if part.times > 1:
            beside = path.rpartition(".")[0] == last.rpartition(".")[0]
            path = f"{path}..{last.rpartition('.')[2] if beside else last}"
        shape = part.unit[-1].node.shape
        return Spot(None, path, shape) if part.side else Spot(path, None, shape)


def _figures(side: int, layers: Sequence[Layer]) -> dict[str, Any]:
    """What it changes that the right side has these layers more, or the left."""
    sign = 1 if side else -1
    return {name: sign * sum(getattr(layer.cost, name) for layer in layers) for name in ("params", "macs")}


def _branches(layers: Sequence[Layer], scopes: Scopes) -> Iterator[tuple[str, Sequence[Layer]]]:
    """A run in parts: whole branches of a join that is not in it, each with the word that says so, and the rest."""
    places = {layer.node.id: at for at, layer in enumerate(layers)}
    start = at = 0
    while at < len(layers):
        ends = [
            places[scopes.spans[id(scope)][1]] + 1
            for scope in scopes.beginning[layers[at].node.id]
            if scope.kind in BRANCHES and scopes.spans[id(scope)][1] in places
            if (joint := scopes.joints.get(id(scope))) is not None and joint.id not in places
        ]
        if ends and start < at:
            yield "", layers[start:at]
        if ends:
            yield "branch ", layers[at : ends[0]]
            start = ends[0]
        at = ends[0] if ends else at + 1
    if start < at:
        yield "", layers[start:]


def _repeating(layers: Sequence[Layer]) -> Iterator[tuple[Sequence[Layer], Sequence[Layer]]]:
    """Layers in parts, each with the unit that it is repetitions of: one where all of them repeat."""
    forms, size = [layer.form for layer in layers], len(layers)
    whole = next(n for n in range(1, size + 1) if size % n == 0 and forms[:n] * (size // n) == forms)
    start = at = 0
    while at < size and whole == size:
        units = range(1, min(_LONGEST_UNIT, (size - at) // _OFTEN) + 1)
        unit = next((n for n in units if forms[at : at + n] * _OFTEN == forms[at : at + n * _OFTEN]), 0)
        end = at + unit
        while unit and forms[end : end + unit] == forms[at : at + unit]:
            end += unit
        if unit and start < at:
            yield layers[start:at], layers[start:at]
        if unit:
            yield layers[at : at + unit], layers[at:end]
            start = end
        at = end if unit else at + 1
    if start < size:
        yield layers[start : start + whole], layers[start:]
