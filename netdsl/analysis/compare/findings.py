"""A match to findings: each difference once, with all the places where it is.

Of the arguments that changed, those that changed alike in many layers, whatever else changed there, are factored out
(`bias` of all 57 convolutions); what is left of a layer's changes stays together. Layers that are as they were but see
inputs of another shape are one finding, since what made the shapes different has been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from netdsl.analysis.compare.alone import alone
from netdsl.analysis.compare.arguments import Argument, arguments, prices
from netdsl.analysis.compare.describe import Describer, argument_name, value
from netdsl.analysis.compare.finding import Finding
from netdsl.analysis.compare.group import Group, aux, gathered, spot
from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost, Layer
from netdsl.analysis.compare.match import Match
from netdsl.ir import AuxHead, Network, Setting, written
from netdsl.ops import Operator
from netdsl.shapes import text as shape_text

_SYSTEMATIC = 3
"""A change that so many layers have in common is told apart from what else changed in them."""


def findings(match: Match, words: tuple[Describer, Describer]) -> tuple[Finding, ...]:
    """All findings, in the order of their first places."""
    networks = match.sides[0].network, match.sides[1].network
    found = [(-2, finding) for finding in _inputs(*networks)]
    found += [(-1, finding) for finding in _ends(match)]
    found += gathered(_Changes(match, words).groups())
    found += gathered(_rewired(match, words))
    found += gathered(alone(match, words))
    return tuple(finding for _, finding in sorted(found, key=lambda each: each[0]))


def recipes(match: Match) -> tuple[Finding, ...]:
    """The findings about training: the settings of the recipes and how weights are drawn. They change no figures."""
    networks = match.sides[0].network, match.sides[1].network
    return (*_settings(networks[0].train, networks[1].train), *(finding for _, finding in gathered(_initial(match))))


class _Changes:
    """Layers that both networks have: arguments that changed, and inputs of another shape."""

    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.known: dict[Hashable, Group] = {}
        self.reshaped: dict[bool, Group] = {}
        self.kinds: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def groups(self) -> list[Group]:
        differing: dict[tuple[int, int], tuple[Argument, ...]] = {}
        changed: list[tuple[int, Layer, Layer, tuple[Argument, ...]]] = []
        present: Counter[str] = Counter()
        for at, (one, other) in enumerate(self.match.rows):
            if one is None:
                continue
            present[one.name] += not one.aux
            if other is None:
                continue
            key = one.exact, other.exact
            if key not in differing:
                differing[key] = arguments(one, other)
            if differing[key]:
                changed.append((at, one, other, differing[key]))
            elif (cost := other.cost - one.cost) != Cost():
                self.other_shape(one, other, cost)
        often = _systematic([(one, found) for _, one, _, found in changed])
        for at, one, other, found in changed:
            self.put(at, one, other, found, often)
        for key, group in self.known.items():
            group.every = not group.aux and group.count == present[key[0]] >= _SYSTEMATIC  # type: ignore[index]
        for within, group in self.reshaped.items():
            group.text = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds[within].most_common())
        return [*self.known.values(), *self.reshaped.values()]

    def other_shape(self, one: Layer, other: Layer, cost: Cost) -> None:
        """A layer that only sees inputs of another shape; main path and aux heads apart."""
        within = aux((one, other))
        group = self.reshaped.setdefault(within, Group("reshaped", len(self.match.rows), within))
        group.add(spot((one, other)), cost)
        self.kinds[within][one.name] += 1

    def put(
        self, at: int, one: Layer, other: Layer, found: tuple[Argument, ...], often: set[tuple[str, bool, Argument]]
    ) -> None:
        """Divide what changed in a layer, and its cost, among the groups it belongs to."""
        within = aux((one, other))
        apart = [each for each in found if (one.name, within, each) in often]
        rest = tuple(each for each in found if each not in apart)
        costs, other_inputs = prices(one, other, (*apart, *rest))
        parts = [((each,), cost) for each, cost in zip(apart, costs, strict=False)]
        if rest:
            parts.append((rest, sum(costs[len(apart) :], other_inputs)))
        elif other_inputs != Cost():
            self.other_shape(one, other, other_inputs)
        for part, cost in parts:
            key = one.name, within, part
            if key not in self.known:
                self.known[key] = self.group(at, one, other, part)
            self.known[key].add(spot((one, other)), cost)
            whole = self.words[0].notation(one.node.op), self.words[1].notation(other.node.op)
            self.known[key].notations.add(whole if len(part) == len(found) else None)

    def group(self, at: int, one: Layer, other: Layer, part: tuple[Argument, ...]) -> Group:
        left, right, within = one.node.op, other.node.op, aux((one, other))
        if not part[0].name:
            texts = self.words[0].notation(left), self.words[1].notation(right)
            return Group("changed", at, within, "", *texts, family=(left.name, right.name))
        names = [argument_name(left, each.name) for each in part]
        before = [value(left, each.name, each.before) for each in part]
        after = [value(right, each.name, each.after) for each in part]
        title = f"{left.name}: {names[0]}"
        if len(part) > 1:
            title = f"{left.name}:"
            before, after = (
                [f"{name} {each}" for name, each in zip(names, side, strict=True)] for side in (before, after)
            )
        return Group(
            "changed",
            at,
            within,
            title,
            ", ".join(before),
            ", ".join(after),
            title=title,
            family=(left.name, tuple(names)),
        )


def _systematic(changed: Sequence[tuple[Layer, tuple[Argument, ...]]]) -> set[tuple[str, bool, Argument]]:
    """The changes that layers have in common whose other changes differ."""
    seen: dict[tuple[str, bool, Argument], Counter[tuple[Argument, ...]]] = defaultdict(Counter)
    for layer, found in changed:
        for each in found:
            seen[layer.name, layer.aux, each][found] += 1
    return {key for key, sets in seen.items() if len(sets) > 1 and sets.total() >= _SYSTEMATIC}


# Inputs, ends, wiring ------------------------------------------------------------------------------------------------


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
            kind = "aux" if isinstance(one, AuxHead) else "output"
            word = "aux head" if kind == "aux" else "output"
            yield Finding("aux" if kind == "aux" else "output", word, before=one.name, after=other.name)
        if isinstance(one, AuxHead) and isinstance(other, AuxHead) and one.weight != other.weight:
            before, after = ("none" if head.weight is None else f"{head.weight:g}" for head in (one, other))
            yield Finding("aux", f"aux head {one.name}: weight", before=before, after=after)


_REWIRED = {
    "value": "takes the value of",
    "weights": "has the weights of",
    "order": "joins its branches in another order",
}


def _rewired(match: Match, words: tuple[Describer, Describer]) -> list[Group]:
    """What takes other values than its counterpart, though nothing else changed there."""
    groups: dict[Hashable, Group] = {}
    for each in match.rewired:
        one, _ = each.pair
        title = each.title or (words[0].notation(one.node.op) if one is not None else "")
        before, after = (side.called(item) for side, item in zip(match.sides, (each.left, each.right), strict=True))
        key = title, each.what, before, after
        if key not in groups:
            groups[key] = Group("rewired", len(match.rows), text=f"{title} {_REWIRED[each.what]}")
            if each.what != "order":
                groups[key].before, groups[key].after = before or "nothing", after or "nothing"
        place = spot(each.pair)
        groups[key].add(place._replace(output=None), Cost())
    return list(groups.values())


# Training ------------------------------------------------------------------------------------------------------------


def _settings(one: Setting | None, other: Setting | None) -> Iterator[Finding]:
    left, right = (setting.kwargs if setting is not None else {} for setting in (one, other))
    for name in {**left, **right}:
        before, after = (written(side[name]) if name in side else "not given" for side in (left, right))
        if before != after:
            yield Finding("recipe", f"train: {name}", before=before, after=after)


def _initial(match: Match) -> list[Group]:
    groups: dict[Hashable, Group] = {}
    for at, (one, other) in enumerate(match.rows):
        if one is None or other is None or type(one.node.op) is not type(other.node.op):
            continue
        ops: tuple[Operator, Operator] = one.node.op, other.node.op
        for name in TRAINING_ONLY:
            if getattr(ops[0], name, None) != getattr(ops[1], name, None):
                before, after = (value(op, name, getattr(op, name)) for op in ops)
                title = f"{one.name}: {argument_name(ops[0], name)}"
                key = title, before, after
                family = title
                groups.setdefault(key, Group("init", at, False, title, before, after, title, None)).add(
                    spot((one, other)), Cost()
                )
    return list(groups.values())
