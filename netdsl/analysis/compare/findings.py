"""A match to findings: each difference once, with all the places where it is.

Of the arguments that changed, those that changed alike in many layers, whatever else changed there, are factored out
(`bias` of all 57 convolutions); what is left of a layer's changes stays together. Layers that are as they were but see
inputs of another shape are one finding, since what made the shapes different has been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from netdsl.analysis.compare.alone import Alone
from netdsl.analysis.compare.arguments import Argument, arguments, prices
from netdsl.analysis.compare.describe import Describer, argument_name, value
from netdsl.analysis.compare.finding import Finding
from netdsl.analysis.compare.group import Group, gathered, spot
from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost, Layer
from netdsl.analysis.compare.match import Match
from netdsl.ir import AuxHead, Network, Setting, written
from netdsl.shapes import text as shape_text

_SYSTEMATIC = 3
"""A change that so many layers have in common is told apart from what else changed in them."""

Change: TypeAlias = tuple[int, Layer, Layer, tuple[Argument, ...]]
"""A row in which arguments differ."""


def findings(match: Match, words: tuple[Describer, Describer]) -> tuple[Finding, ...]:
    """All findings, in the order of their first places."""
    groups = [*_Changes(match, words).groups(), *_rewired(match, words), *Alone(match, words).groups()]
    networks = match.sides[0].network, match.sides[1].network
    found = sorted(gathered(groups), key=lambda each: each[0])
    return (*_inputs(*networks), *_ends(match), *(finding for _, finding in found))


def recipes(match: Match) -> tuple[Finding, ...]:
    """The findings about training: the settings of the recipes and how weights are drawn. They change no figures."""
    networks = match.sides[0].network, match.sides[1].network
    return (*_settings(networks[0].train, networks[1].train), *(finding for _, finding in gathered(_initial(match))))


class _Changes:
    """Layers that both networks have: arguments that changed, and inputs of another shape."""

    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.known: dict[tuple[str, bool, tuple[Argument, ...]], Group] = {}
        self.reshaped = {aux: Group("reshaped", len(match.rows), aux) for aux in (False, True)}
        self.kinds: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def groups(self) -> list[Group]:
        differing: dict[tuple[int, int], tuple[Argument, ...]] = {}
        changed: list[Change] = []
        for at, (one, other) in enumerate(self.match.rows):
            if one is None or other is None:
                continue
            key = one.exact, other.exact
            if key not in differing:
                differing[key] = arguments(one, other)
            if differing[key]:
                changed.append((at, one, other, differing[key]))
            elif one.cost != other.cost:
                self.other_shape(one, other, other.cost - one.cost)
        often = _systematic(changed)
        for change in changed:
            self.put(*change, often)
        present = Counter(layer.name for layer in self.match.sides[0].by_value.values() if not layer.aux)
        for (name, aux, _), group in self.known.items():
            group.every = not aux and group.count == present[name] >= _SYSTEMATIC
        for aux, group in self.reshaped.items():
            group.text = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds[aux].most_common())
        return [*self.known.values(), *(group for group in self.reshaped.values() if group.count)]

    def other_shape(self, one: Layer, other: Layer, cost: Cost) -> None:
        """A layer that only sees inputs of another shape; main path and aux heads apart."""
        self.reshaped[one.aux].add(spot((one, other)), cost)
        self.kinds[one.aux][one.name] += 1

    def put(
        self, at: int, one: Layer, other: Layer, found: tuple[Argument, ...], often: set[tuple[str, bool, Argument]]
    ) -> None:
        """Divide what changed in a layer, and its cost, among the groups it belongs to."""
        parts = [(each,) for each in found if (one.name, one.aux, each) in often]
        rest = tuple(each for each in found if (each,) not in parts)
        costs, other_inputs = prices(one, other, (*(each for (each,) in parts), *rest))
        if not rest and other_inputs != Cost():
            self.other_shape(one, other, other_inputs)
        whole = self.words[0].notation(one.node.op), self.words[1].notation(other.node.op)
        shares = [*costs[: len(parts)], sum(costs[len(parts) :], other_inputs)]
        for part, cost in zip([*parts, rest] if rest else parts, shares, strict=False):
            key = one.name, one.aux, part
            if key not in self.known:
                self.known[key] = self.group(at, one, other, part, whole)
            self.known[key].add(spot((one, other)), cost)
            self.known[key].notations.add(whole if len(part) == len(found) else None)

    def group(self, at: int, one: Layer, other: Layer, part: tuple[Argument, ...], whole: tuple[str, str]) -> Group:
        left, right = one.node.op, other.node.op
        if not part[0].name:
            return Group("changed", at, one.aux, "", *whole, family=(left.name, right.name))
        names = [argument_name(left, each.name) for each in part]
        before = [value(left, each.name, each.before) for each in part]
        after = [value(right, each.name, each.after) for each in part]
        title = f"{left.name}: {names[0]}" if len(part) == 1 else f"{left.name}:"
        if len(part) > 1:
            before, after = ([" ".join(pair) for pair in zip(names, side, strict=True)] for side in (before, after))
        texts = ", ".join(before), ", ".join(after)
        return Group("changed", at, one.aux, title, *texts, title=title, family=(left.name, *names))


def _systematic(changed: Sequence[Change]) -> set[tuple[str, bool, Argument]]:
    """The changes that layers have in common whose other changes differ."""
    seen: dict[tuple[str, bool, Argument], Counter[tuple[Argument, ...]]] = defaultdict(Counter)
    for _, layer, _, found in changed:
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
            aux = isinstance(one, AuxHead)
            yield Finding(*(("aux", "aux head") if aux else ("output", "output")), before=one.name, after=other.name)
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
    groups: dict[tuple[str | None, ...], Group] = {}
    for what, pair, title, *values in match.rewired:
        name = words[0].notation(pair[0].node.op) if pair[0] is not None else title
        ends = [side.called(item) for side, item in zip(match.sides, values, strict=True)]
        texts = [None, None] if what == "order" else [end or "nothing" for end in ends]
        group = Group("rewired", len(match.rows), False, f"{name} {_REWIRED[what]}", *texts)
        groups.setdefault((name, what, *ends), group).add(spot(pair)._replace(output=None), Cost())
    return list(groups.values())


# Training ------------------------------------------------------------------------------------------------------------


def _settings(one: Setting | None, other: Setting | None) -> Iterator[Finding]:
    left, right = (setting.kwargs if setting is not None else {} for setting in (one, other))
    for name in {**left, **right}:
        before, after = (written(side[name]) if name in side else "not given" for side in (left, right))
        if before != after:
            yield Finding("recipe", f"train: {name}", before=before, after=after)


def _initial(match: Match) -> list[Group]:
    groups: dict[tuple[str, ...], Group] = {}
    for at, (one, other) in enumerate(match.rows):
        if one is None or other is None or one.name != other.name:
            continue
        ops = one.node.op, other.node.op
        for name in TRAINING_ONLY:
            if getattr(ops[0], name, None) != getattr(ops[1], name, None):
                title = f"{one.name}: {argument_name(ops[0], name)}"
                before, after = (value(op, name, getattr(op, name)) for op in ops)
                group = groups.setdefault((title, before, after), Group("init", at, False, title, before, after))
                group.add(spot((one, other)), Cost())
    return list(groups.values())
