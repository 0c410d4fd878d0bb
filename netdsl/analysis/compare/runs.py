"""Runs of layers that only one network has, to findings: what repeats is counted, what is the same is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from netdsl.analysis.compare.changes import Cost
from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.difference import Finding, FindingKind, Spot
from netdsl.analysis.compare.gather import Group, Groups
from netdsl.analysis.compare.rows import Match, Run
from netdsl.analysis.compare.sides import Sides
from netdsl.analysis.compare.structure import Fork, Item, Layer, nodes
from netdsl.ops import Family

_LONG = 4
"""Of a longer run that does not repeat as a whole, the parts that do are told apart."""
_LONGEST_PERIOD = 8


def runs(sides: Sides, match: Match, words: tuple[Describer, Describer]) -> list[tuple[int, Finding]]:
    """The findings about runs, with their places in the order of rows."""
    return _Runs(sides, match, words).found()


class _Runs:
    def __init__(self, sides: Sides, match: Match, words: tuple[Describer, Describer]):
        self.sides, self.match, self.words = sides, match, words
        self.places = {id(row): at for at, row in enumerate(match.rows)}
        self.groups = Groups()
        self.behind: dict[int, Counter[str]] = {}

    def found(self) -> list[tuple[int, Finding]]:
        whole = []
        for run in self.match.runs:
            if run.head is not None:
                whole.append(self.head(run))
                continue
            at = self.at(run)
            behind: Item | None = run.behind
            for unit, times, items in _segments([item for item in run.items if isinstance(item, (Layer, Fork))]):
                self.segment(run, at, unit, times, items, behind)
                behind = items[-1]
        self.finish()
        return [*whole, *self.groups.findings()]

    def at(self, run: Run) -> int:
        return self.places[id(run.rows[0])] if run.rows else len(self.match.rows)

    def aux(self, side: int, items: Sequence[Item]) -> bool:
        node = next((node for item in items for node in nodes(item)), None)
        return node is not None and node.id in self.sides.both[side].aux_nodes

    def cost(self, side: int, items: Sequence[Item]) -> Cost:
        """What it changes that the right side has these items more, or the left."""
        total = self.sides.total(side, items)
        return total if side else Cost() - total

    def head(self, run: Run) -> tuple[int, Finding]:
        """A side branch that one network has."""
        assert run.head is not None
        side = int(run.added)
        what = {"aux": f"aux head {run.head.name}", "output": f"output {run.head.name}"}.get(run.head.kind)
        if what is None:
            what = f"{self.words[side].items(run.items)}, which nothing uses"
        group = Group("added" if run.added else "removed", self.at(run), self.aux(side, run.items), what)
        group.add(self.spot(side, run.items), self.cost(side, run.items))
        return group.at, group.finding()

    def segment(
        self, run: Run, at: int, unit: Sequence[Item], times: int, items: Sequence[Item], behind: Item | None
    ) -> None:
        side = int(run.added)
        kind: FindingKind = "added" if run.added else "removed"
        words = self.words[side]
        counts = self.repeats(run, side, items, times)

        def begin(group: Group) -> None:
            names = tuple(map(_name, unit))
            group.text = words.items(unit)
            group.title = ", ".join(names)
            if run.branch:
                group.text, group.title = f"branch {group.text}", f"branch {group.title}"
            if counts is None:
                group.family = names, run.branch
            else:
                group.before, group.after = map(str, counts)

        key = tuple(item.form for item in unit), run.branch, at if counts is not None else None
        group = self.groups.group(key, kind, at, self.aux(side, items), begin)
        group.add(self.spot(side, unit, items), self.cost(side, items), times)
        if len(unit) == 1 and isinstance(unit[0], Layer) and unit[0].node.op.family in _FOLLOWING:
            self.behind.setdefault(id(group), Counter())[_name(behind) if behind else ""] += times

    def repeats(self, run: Run, side: int, items: Sequence[Item], times: int) -> tuple[int, int] | None:
        """How many iterations a repetition has on both sides, where the run is what one has more of them."""
        own = self.words[side].repeat(items)
        if own is None or own[1] != times or run.along is None:
            return None
        before, other = (self.words[each].repeat([run.along[each]]) for each in (side, 1 - side))
        if before is None or before[0] is not own[0] or other is None:
            return None
        counts = len(other[0].children), len(own[0].children)
        if counts[1] - counts[0] != times:
            return None
        return counts if run.added else (counts[1], counts[0])

    def spot(self, side: int, unit: Sequence[Item], items: Sequence[Item] | None = None) -> Spot:
        """Where a run is: the path of its first unit, and that of its last one where there are several."""
        words = self.words[side]
        path = words.path(unit)
        if items is not None and len(items) > len(unit):
            path = f"{path}..{_rest(path, words.path(items[-len(unit) :]))}"
        last = [node for item in unit for node in nodes(item)]
        shape = last[-1].shape if last else None
        return Spot(None, path, shape) if side else Spot(path, None, shape)

    def finish(self) -> None:
        """Say what single layers stand behind, and where they are all there are of their kind."""
        present: Counter[tuple[int, bool, str]] = Counter()
        for row in self.match.rows:
            aux = self.sides.aux(row)
            for side, layer in enumerate((row.one, row.other)):
                if layer is not None:
                    present[side, aux, layer.node.op.name] += 1
        for group in self.groups.known.values():
            behind = self.behind.get(id(group))
            if behind is None:
                continue
            side, aux = int(group.kind == "added"), group.aux
            if len(behind) == 1 and (name := next(iter(behind))):
                every = "every " if group.count == present[side, aux, name] > 1 else ""
                group.text = f"{group.text} behind {every}{name}"
                group.family = None
            elif group.kind == "removed" and group.count == present[side, aux, group.title] > 1:
                group.every = True


_FOLLOWING = (Family.NORMALIZATION, Family.ACTIVATION, Family.REGULARIZATION)
"""Layers that belong to the one before them."""


def _rest(first: str, last: str) -> str:
    """What is left of a path without the modules that it shares with the one before."""
    return last.rpartition(".")[2] if first.rpartition(".")[0] == last.rpartition(".")[0] else last


def _name(item: Item) -> str:
    if isinstance(item, Layer):
        return item.node.op.name
    return item.join.node.op.name if isinstance(item, Fork) else ""


def _segments(items: Sequence[Item]) -> Iterator[tuple[Sequence[Item], int, Sequence[Item]]]:
    """A run as units, how often each comes, and all its items: one where the whole run repeats, or is short."""
    if not items:
        return
    forms = [item.form for item in items]
    period = _period(forms)
    if period < len(items) or len(items) <= _LONG:
        yield items[:period], len(items) // period, items
        return
    start = at = 0
    while at < len(items):
        period, times = _stack(forms, at)
        if times == 1:
            at += 1
            continue
        if start < at:
            yield items[start:at], 1, items[start:at]
        yield items[at : at + period], times, items[at : at + period * times]
        start = at = at + period * times
    if start < len(items):
        yield items[start:], 1, items[start:]


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
