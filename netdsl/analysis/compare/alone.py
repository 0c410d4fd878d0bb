"""Runs of layers that only one network has, to findings: what repeats is counted, what is the same is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.finding import FindingKind, Spot
from netdsl.analysis.compare.group import Group
from netdsl.analysis.compare.layers import Cost, Layer
from netdsl.analysis.compare.match import Match, Run
from netdsl.ir import AuxHead
from netdsl.ops import Family

_LONG = 10
"""Of a longer run that does not repeat as a whole, the parts that do are told apart."""
_LONGEST_PERIOD = 64
_FOLLOWING = (Family.NORMALIZATION, Family.ACTIVATION, Family.REGULARIZATION)
"""Layers that belong to the one before them."""
_KINDS: tuple[FindingKind, FindingKind] = ("removed", "added")


def alone(match: Match, words: tuple[Describer, Describer]) -> list[Group]:
    """The groups of all runs, and of the outputs and aux heads that only one network has."""
    return _Alone(match, words).groups()


class _Alone:
    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.places = {id(layer): at for at, row in enumerate(match.rows) for layer in row if layer is not None}
        self.known: dict[Hashable, Group] = {}

    def groups(self) -> list[Group]:
        for run in self.match.runs:
            for unit, times, layers in _segments(run.layers):
                self.segment(run, unit, times, layers)
        self.place()
        return [*self.ends(), *self.known.values()]

    def ends(self) -> Iterator[Group]:
        """The outputs and aux heads that only one network has."""
        for pair in self.match.ends:
            for side, end in enumerate(pair):
                if end is not None and pair[1 - side] is None:
                    head = isinstance(end, AuxHead)
                    layers = self.match.sides[side].sequences[end.name] if head else []
                    at = self.places[id(layers[0])] if layers else len(self.match.rows)
                    text = f"{'aux head' if head else 'output'} {end.name}"
                    yield Group(_KINDS[side], at, head, text, count=1, cost=_cost(side, layers))

    def segment(self, run: Run, unit: Sequence[Layer], times: int, layers: Sequence[Layer]) -> None:
        side, words = run.side, self.words[run.side]
        at, aux = self.places[id(layers[0])], layers[0].aux
        counts = self.repeats(run, layers, times)
        forms = tuple(layer.form for layer in unit)
        key = side, aux, forms, run.branch, at if counts is not None else None
        if key not in self.known:
            names = tuple(layer.name for layer in unit)
            branch = "branch " if run.branch else ""
            group = Group(_KINDS[side], at, aux, branch + words.text(unit), title=branch + ", ".join(names))
            if counts is None:
                group.family = names, run.branch
            else:
                group.before, group.after = map(str, counts)
            self.known[key] = group
        path = words.path(unit)
        if times > 1:
            path = f"{path}..{_rest(path, words.path(layers[-len(unit) :]))}"
        shape = unit[-1].node.shape
        self.known[key].add(Spot(None, path, shape) if side else Spot(path, None, shape), _cost(side, layers), times)
        if len(unit) == 1 and unit[0].node.op.family in _FOLLOWING:
            giver = self.match.sides[side].by_value.get(unit[0].inputs[0])
            self.known[key].behind.add(giver.name if giver is not None else "")

    def repeats(self, run: Run, layers: Sequence[Layer], times: int) -> tuple[int, int] | None:
        """How many iterations a repetition has on both sides, where the run is what one has more of them."""
        own = self.words[run.side].repeat(layers)
        if own is None or own[1] != times:
            return None
        found = [words.repeat([layer]) if layer else None for words, layer in zip(self.words, run.before, strict=True)]
        before, other = found[run.side], found[1 - run.side]
        if before is None or other is None or before[0] is not own[0]:
            return None
        more, less = len(own[0].children), len(other[0].children)
        if more - less != times:
            return None
        return (less, more) if run.side else (more, less)

    def place(self) -> None:
        """Say what single layers stand behind, and where they are all there are of their kind."""
        present = Counter(
            (side, layer.aux, layer.name)
            for side, layers in enumerate(self.match.sides)
            for layer in layers.by_value.values()
        )
        for group in self.known.values():
            side = int(group.kind == "added")
            if len(group.behind) == 1 and (name := next(iter(group.behind))):
                every = "every " if group.count == present[side, group.aux, name] > 1 else ""
                group.text = f"{group.text} behind {every}{name}"
                group.family = None
            elif group.behind and group.kind == "removed" and group.count == present[side, group.aux, group.title] > 1:
                group.every = True


def _cost(side: int, layers: Sequence[Layer]) -> Cost:
    """What it changes that the right side has these layers more, or the left."""
    total = sum((layer.cost for layer in layers), Cost())
    return total if side else Cost() - total


def _rest(first: str, last: str) -> str:
    """What is left of a path without the modules that it shares with the one before."""
    return last.rpartition(".")[2] if first.rpartition(".")[0] == last.rpartition(".")[0] else last


def _segments(layers: Sequence[Layer]) -> Iterator[tuple[Sequence[Layer], int, Sequence[Layer]]]:
    """A run as units, how often each comes, and all its layers: one where the whole run repeats, or is short."""
    forms = [layer.form for layer in layers]
    period = _period(forms)
    if period < len(layers) or len(layers) <= _LONG:
        yield layers[:period], len(layers) // period, layers
        return
    start = at = 0
    while at < len(layers):
        period, times = _stack(forms, at)
        if times > 1 and start < at:
            yield layers[start:at], 1, layers[start:at]
            start = at
        at += period * times
        if times > 1 or at == len(layers):
            yield layers[start : start + period] if times > 1 else layers[start:at], times, layers[start:at]
            start = at


def _period(forms: Sequence[int]) -> int:
    """The length of the shortest part that the whole is repetitions of (by the failure function of Knuth, Morris and
    Pratt)."""
    borders = [0]
    for form in forms[1:]:
        border = borders[-1]
        while border and forms[border] != form:
            border = borders[border - 1]
        borders.append(border + (forms[border] == form))
    period = len(forms) - borders[-1]
    return period if len(forms) % period == 0 else len(forms)


def _stack(forms: Sequence[int], at: int) -> tuple[int, int]:
    """The shortest part that comes at least twice in a row from here, and how often."""
    for period in range(1, _LONGEST_PERIOD + 1):
        times = 1
        unit = forms[at : at + period]
        while forms[at + period * times : at + period * (times + 1)] == unit and len(unit) == period:
            times += 1
        if times > 1:
            return period, times
    return 1, 1
