"""A match to findings: each difference once, with all the places where it is.

Of the arguments that changed, those that changed alike in many layers, whatever else changed there, are factored out
(`bias` of all 57 convolutions); what is left of a layer's changes stays together. Layers that are as they were but see
inputs of another shape are one finding, since what made the shapes different has been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from netdsl.analysis.compare.changes import Argument, Cost, arguments, prices
from netdsl.analysis.compare.describe import Describer, argument_name, plural, value
from netdsl.analysis.compare.difference import Finding, Spot
from netdsl.analysis.compare.gather import Group, Groups
from netdsl.analysis.compare.rows import Match, Row
from netdsl.analysis.compare.runs import runs
from netdsl.analysis.compare.sides import Sides
from netdsl.analysis.compare.structure import Layer
from netdsl.shapes import text as shape_text

SYSTEMATIC = 3
"""A change that so many layers have in common is told apart from what else changed in them."""


def findings(sides: Sides, match: Match) -> tuple[Finding, ...]:
    """All findings, in the order of their first places."""
    words = Describer(sides.one), Describer(sides.other)
    finder = _Finder(sides, match, words)
    found = finder.found()
    found += runs(sides, match, words)
    return tuple(finding for _, finding in sorted(found, key=lambda each: each[0]))


class _Finder:
    def __init__(self, sides: Sides, match: Match, words: tuple[Describer, Describer]):
        self.sides, self.match, self.words = sides, match, words
        self.groups = Groups()
        self.reshaped: list[tuple[int, Row, Cost]] = []

    def found(self) -> list[tuple[int, Finding]]:
        self.arguments()
        return [
            *self.inputs(),
            *self.heads(),
            *self.groups.findings(),
            *self.other_shapes(),
            *self.rewired(),
        ]

    # Arguments -------------------------------------------------------------------------------------------------------

    def arguments(self) -> None:
        """Findings about layers that both networks have."""
        known: dict[tuple[int, int], tuple[Argument, ...]] = {}
        changed: list[tuple[int, Row, tuple[Argument, ...]]] = []
        present: Counter[str] = Counter()
        for at, row in enumerate(self.match.rows):
            if row.one is None:
                continue
            present[row.one.node.op.name] += not self.sides.aux(row)
            if row.other is None:
                continue
            key = row.one.exact, row.other.exact
            if key not in known:
                known[key] = arguments(row.one, row.other)
            if known[key]:
                changed.append((at, row, known[key]))
            elif (cost := self.sides.change(row)) != Cost():
                self.reshaped.append((at, row, cost))
        often = self.systematic([(row, found) for _, row, found in changed])
        notations: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for at, row, found in changed:
            self.put(at, row, found, often, notations)
        for group in self.groups.known.values():
            name = str(group.key[0])  # type: ignore[index]
            group.every = not group.aux and group.count == present[name] >= SYSTEMATIC
            pairs = notations[id(group)]
            if len(pairs) == 1:
                (group.notations,) = pairs

    def systematic(self, changed: Sequence[tuple[Row, tuple[Argument, ...]]]) -> set[tuple[str, bool, Argument]]:
        """The changes that layers have in common whose other changes differ."""
        seen: dict[tuple[str, bool, Argument], Counter[tuple[Argument, ...]]] = defaultdict(Counter)
        for row, found in changed:
            assert row.one is not None
            for each in found:
                seen[row.one.node.op.name, self.sides.aux(row), each][found] += 1
        return {key for key, sets in seen.items() if len(sets) > 1 and sets.total() >= SYSTEMATIC}

    def put(
        self,
        at: int,
        row: Row,
        found: tuple[Argument, ...],
        often: set[tuple[str, bool, Argument]],
        notations: dict[int, set[tuple[str, str]]],
    ) -> None:
        """Divide what changed in a row, and its cost, among the groups it belongs to."""
        one, other = row.one, row.other
        assert one is not None and other is not None
        name, aux = one.node.op.name, self.sides.aux(row)
        alone = [each for each in found if (name, aux, each) in often]
        rest = tuple(each for each in found if each not in alone)
        costs, other_inputs = prices(one, other, (*alone, *rest), self.sides.change(row))
        parts: list[tuple[tuple[Argument, ...], Cost]] = [
            ((each,), cost) for each, cost in zip(alone, costs, strict=False)
        ]
        if rest:
            parts.append((rest, sum(costs[len(alone) :], other_inputs)))
        elif other_inputs != Cost():
            self.reshaped.append((at, row, other_inputs))
        for part, cost in parts:

            def begin(group: Group, part: tuple[Argument, ...] = part) -> None:
                self.words_of(group, one, other, part)

            group = self.groups.group((name, part), "changed", at, aux, begin)
            group.add(self.sides.spot(row), cost)
            if len(notations[id(group)]) < 2:
                whole = len(part) == len(found)
                left, right = self.words[0].notation(one.node.op), self.words[1].notation(other.node.op)
                notations[id(group)] |= {(left, right)} if whole else {("", ""), (left, right)}

    def words_of(self, group: Group, one: Layer, other: Layer, part: tuple[Argument, ...]) -> None:
        left, right = one.node.op, other.node.op
        if not part[0].name:
            group.before, group.after = self.words[0].notation(left), self.words[1].notation(right)
            group.family = left.name, right.name
            return
        names = [argument_name(left, each.name) for each in part]
        before = [value(left, each.name, each.before) for each in part]
        after = [value(right, each.name, each.after) for each in part]
        if len(part) == 1:
            group.text = group.title = f"{left.name}: {names[0]}"
            group.before, group.after = before[0], after[0]
        else:
            group.text = group.title = f"{left.name}:"
            group.before, group.after = (
                ", ".join(f"{name} {each}" for name, each in zip(names, values, strict=True))
                for values in (before, after)
            )
        group.family = left.name, tuple(names)

    # The rest --------------------------------------------------------------------------------------------------------

    def other_shapes(self) -> list[tuple[int, Finding]]:
        """The layers that only see inputs of another shape, main path and aux heads apart."""
        found = []
        for aux in (False, True):
            rows = [each for each in self.reshaped if self.sides.aux(each[1]) == aux]
            if not rows:
                continue
            group = Group("reshaped", len(self.match.rows), aux)
            kinds = Counter(row.one.node.op.name for _, row, _ in rows if row.one is not None)
            group.text = ", ".join(plural(count, kind) for kind, count in kinds.most_common())
            for _, row, cost in rows:
                group.add(self.sides.spot(row), cost)
            found.append((group.at, group.finding()))
        return found

    def inputs(self) -> list[tuple[int, Finding]]:
        one, other = self.sides.one.inputs, self.sides.other.inputs
        found = []
        for index in range(max(len(one), len(other))):
            left = shape_text(one[index].shape) if index < len(one) else None
            right = shape_text(other[index].shape) if index < len(other) else None
            if left != right:
                name = (one[index] if index < len(one) else other[index]).name
                text = "input" if name == "input" else f"input {name}"
                found.append((-2, Finding("input", text, before=left or "none", after=right or "none")))
        return found

    def heads(self) -> list[tuple[int, Finding]]:
        """What outputs and auxiliary heads are called, and the weights of the latter."""
        found = []
        for one, other in self.match.heads:
            if one is None or other is None or one.kind in ("main", "unused"):
                continue
            kind, word = ("aux", "aux head") if one.kind == "aux" else ("output", "output")
            if one.name != other.name:
                found.append((-1, Finding(kind, word, before=one.name, after=other.name)))  # type: ignore[arg-type]
            if one.weight != other.weight:
                before, after = ("none" if each is None else f"{each:g}" for each in (one.weight, other.weight))
                found.append((-1, Finding("aux", f"aux head {one.name}: weight", before=before, after=after)))
        return found

    def rewired(self) -> list[tuple[int, Finding]]:
        """Layers that take other values than their counterparts, though nothing else changed there."""
        groups = Groups()
        for each in self.match.rewired:
            layer, side = (each.one, 0) if each.one is not None else (each.other, 1)
            name = self.words[side].notation(layer.node.op) if layer is not None else ""
            if layer is None and each.head is not None:
                name = f"{_HEADS[each.head.kind]} {each.head.name}".strip()
            before, after = (self.sides.path(number, item) for number, item in enumerate((each.left, each.right)))

            def begin(
                group: Group,
                text: str = f"{name} {_REWIRED[each.what]}".strip(),
                ends: tuple[str | None, str | None] = (before, after),
            ) -> None:
                group.text = text
                if ends != (None, None):
                    group.before, group.after = (end or "nothing" for end in ends)

            key = name, each.what, before, after
            group = groups.group(key, "rewired", len(self.match.rows), False, begin)
            left, right = (each_.node.path if each_ is not None else None for each_ in (each.one, each.other))
            group.add(Spot(left, right), Cost())
        return groups.findings()


_HEADS = {"main": "the result", "output": "output", "aux": "aux head", "unused": "unused"}
_REWIRED = {
    "value": "takes the value of",
    "weights": "has the weights of",
    "order": "joins its branches in another order",
}
