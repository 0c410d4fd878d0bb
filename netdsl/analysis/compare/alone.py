"""What only one network has, to findings: what repeats is counted, what is the same is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.finding import FindingKind, Spot
from netdsl.analysis.compare.group import Group
from netdsl.analysis.compare.layers import Cost, Layer
from netdsl.analysis.compare.match import Match, Run
from netdsl.analysis.compare.scopes import BRANCHES, Scopes
from netdsl.ir import AuxHead
from netdsl.ops import Family

_OFTEN, _LONGEST_UNIT = 4, 64
"""Units of at most so many layers that come so often in a row are told apart from what lies around them."""
_FOLLOWING = (Family.NORMALIZATION, Family.ACTIVATION, Family.REGULARIZATION)
"""Layers that belong to the one before them."""
_KINDS: tuple[FindingKind, FindingKind] = ("removed", "added")


class Alone:
    """Gathers the runs, and the outputs and aux heads, that only one network has."""

    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.places = {id(layer): at for at, row in enumerate(match.rows) for layer in row if layer is not None}
        self.known: dict[Hashable, Group] = {}

    def groups(self) -> list[Group]:
        for run in self.match.runs:
            for branch, layers in _branches(run.layers, self.match.sides[run.side].scopes):
                for unit, part in _repeating(layers):
                    self.put(run, branch, part[:unit], part)
        self.say_behind()
        return [*self.ends(), *self.known.values()]

    def ends(self) -> Iterator[Group]:
        for pair in self.match.ends:
            for side, end in enumerate(pair):
                if end is not None and pair[1 - side] is None:
                    head = isinstance(end, AuxHead)
                    layers = self.match.sides[side].sequences[end.name] if head else []
                    at = self.places[id(layers[0])] if layers else len(self.match.rows)
                    text = f"{'aux head' if head else 'output'} {end.name}"
                    yield Group(_KINDS[side], at, head, text, count=1, cost=_cost(side, layers))

    def put(self, run: Run, branch: str, unit: Sequence[Layer], layers: Sequence[Layer]) -> None:
        """Add layers that are repetitions of a unit."""
        side, words = run.side, self.words[run.side]
        at, aux, times = self.places[id(layers[0])], layers[0].aux, len(layers) // len(unit)
        counts = self.iterations(run, layers, times)
        key = side, aux, branch, tuple(layer.form for layer in unit), at if counts != (None, None) else None
        if key not in self.known:
            names = ", ".join(layer.name for layer in unit)
            family = (branch, names) if counts == (None, None) else None
            text = branch + words.text(unit)
            self.known[key] = Group(_KINDS[side], at, aux, text, *counts, title=branch + names, family=family)
        path, last = words.path(unit), words.path(layers[-len(unit) :])
        if times > 1:
            beside = path.rpartition(".")[0] == last.rpartition(".")[0]
            path = f"{path}..{last.rpartition('.')[2] if beside else last}"
        shape = unit[-1].node.shape
        self.known[key].add(Spot(None, path, shape) if side else Spot(path, None, shape), _cost(side, layers), times)
        if len(unit) == 1 and unit[0].node.op.family in _FOLLOWING:
            giver = self.match.sides[side].by_value.get(unit[0].inputs[0])
            self.known[key].behind.add(giver.name if giver is not None else "")

    def iterations(self, run: Run, layers: Sequence[Layer], times: int) -> tuple[str | None, str | None]:
        """How many iterations a repetition has on both sides, where the run is what one has more of them."""
        before = run.before
        if before[0] is None or before[1] is None:
            return None, None
        scopes = self.match.sides[run.side].scopes
        own = scopes.repeat(layers[0].node.id)
        repeats = [
            side.scopes.repeat(layer.node.id) for side, layer in zip(self.match.sides, before, strict=True) if layer
        ]
        counts = [len(repeat.children) for repeat in repeats if repeat is not None]
        begun = sum(scopes.parents[id(scope)] is own for layer in layers for scope in scopes.beginning(layer.node.id))
        if repeats[run.side] is not own or len(counts) < 2 or not begun == times == abs(counts[1] - counts[0]):
            return None, None
        return f"{counts[0]}", f"{counts[1]}"

    def say_behind(self) -> None:
        """Say what single layers stand behind, and where they are all there are of their kind."""
        present = Counter(
            (_KINDS[side], layer.aux, layer.name)
            for side, layers in enumerate(self.match.sides)
            for layer in layers.by_value.values()
        )
        for group in self.known.values():
            if len(group.behind) == 1 and (name := next(iter(group.behind))):
                every = "every " if group.count == present[group.kind, group.aux, name] > 1 else ""
                group.text = f"{group.text} behind {every}{name}"
                group.family = None
            elif group.behind and group.kind == "removed":
                group.every = group.count == present[group.kind, group.aux, group.title] > 1


def _cost(side: int, layers: Sequence[Layer]) -> Cost:
    """What it changes that the right side has these layers more, or the left."""
    total = sum((layer.cost for layer in layers), Cost())
    return total if side else Cost() - total


def _branches(layers: Sequence[Layer], scopes: Scopes) -> Iterator[tuple[str, Sequence[Layer]]]:
    """A run in parts: whole branches of a join that is not in it, each with the word that says so, and the rest."""
    places = {layer.node.id: at for at, layer in enumerate(layers)}
    start = at = 0
    while at < len(layers):
        ends = [
            places[scopes.spans[id(scope)][1]] + 1
            for scope in scopes.beginning(layers[at].node.id)
            if scope.kind in BRANCHES and scopes.spans[id(scope)][1] in places
            if scopes.joints[id(scope)].id not in places
        ]
        if ends and start < at:
            yield "", layers[start:at]
        if ends:
            yield "branch ", layers[at : ends[0]]
            start = ends[0]
        at = ends[0] if ends else at + 1
    if start < at:
        yield "", layers[start:at]


def _repeating(layers: Sequence[Layer]) -> Iterator[tuple[int, Sequence[Layer]]]:
    """Layers in parts, each with the length of the unit that it is repetitions of: one where all of them repeat."""
    forms, size = [layer.form for layer in layers], len(layers)
    whole = next(each for each in range(1, size + 1) if size % each == 0 and forms[each:] == forms[: size - each])
    start = at = 0
    while at < size and whole == size:
        units = range(1, min(_LONGEST_UNIT, (size - at) // _OFTEN) + 1)
        unit = next((n for n in units if forms[at : at + n] * _OFTEN == forms[at : at + n * _OFTEN]), 0)
        if unit and start < at:
            yield at - start, layers[start:at]
        first, at = at, at + max(unit, 1)
        if unit:
            while forms[at : at + unit] == forms[first : first + unit]:
                at += unit
            yield unit, layers[first:at]
            start = at
    if start < size:
        yield min(whole, size - start), layers[start:]
