"""Pairs of layers to the arguments in which they differ, what each of these costs, and one finding for each change.

The cost of a change is found by making it: params and multiply-adds of the left layer with one argument after the
other set as on the right. So the parts add up to the whole, whatever they are.

Of the arguments that changed, those that changed alike in many layers, whatever else changed there, are factored out
(`bias` of all 57 convolutions); what is left of a layer's changes stays together. Layers that are as they were but see
inputs of another shape are one finding, since what made the shapes different has been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from netdsl.analysis.compare.describe import Describer, argument_name, value
from netdsl.analysis.compare.finding import MERGED, Finding, FindingKind, Spot, merged
from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost, Layer, canonical, price
from netdsl.analysis.compare.match import Match
from netdsl.ops import Operator
from netdsl.ops.shared.base import dimensional
from netdsl.text.diagnostics import OpError

_SYSTEMATIC = 3
"""A change that so many layers have in common is told apart from what else changed in them."""


class Argument(NamedTuple):
    """An argument that has another value; `name` is empty where the operators are different ones."""

    name: str
    before: Any
    after: Any


Arguments: TypeAlias = tuple[Argument, ...]


class Change(NamedTuple):
    """The layers of a row that differ, what that costs, and whether nothing else changed in them."""

    at: int
    one: Layer
    other: Layer
    cost: Cost
    alone: bool = True


def arguments(one: Layer, other: Layer) -> Arguments:
    """The arguments in which two layers differ. What amounts to the same on their inputs is no difference (`pad=same`
    and `pad=1` of a 3x3 kernel), nor is what follows from another argument (the padding of `same`) or from the inputs
    (the groups of a depthwise convolution)."""
    left, right = one.node.op, other.node.op
    if one.form == other.form or left is right:
        return ()
    if type(left) is not type(right):
        return (Argument("", left, right),)
    first, second = canonical(left, one.shapes), canonical(right, other.shapes)
    names = [name for name in type(left).model_fields if name not in TRAINING_ONLY]
    written = [name for name in names if getattr(left, name) != getattr(right, name)]
    spelled = [(name, _spelled(name, left, first), _spelled(name, right, second)) for name in written]
    real = [name for name, before, after in spelled if before != after] or written
    real = [name for name in real if not _alike(name, left, right)]
    relative = first.relative(one.shapes).items() & second.relative(other.shapes).items()
    real = [name for name in real if name not in dict(relative)]
    return tuple(Argument(name, _value(name, left, first), _value(name, right, second)) for name in real)


def _alike(name: str, left: Operator, right: Operator) -> bool:
    """Whether two sizes are one number for every dimension, on maps of other dimensions."""
    sizes = getattr(left, name), getattr(right, name)
    uniform = [set(each) for each in sizes if isinstance(each, tuple)] if name in dimensional(type(left)) else []
    return len(uniform) == 2 and len(uniform[0]) == 1 and uniform[0] == uniform[1]


def _spelled(name: str, op: Operator, canonical: Operator) -> Any:
    """A value spelled out for the inputs; a canonical operator of another kind does not know all arguments."""
    return getattr(canonical, name, getattr(op, name))


def _value(name: str, op: Operator, spelled: Operator) -> Any:
    """A value as written; where it is left to a default of `none`, what that amounts to."""
    found = getattr(op, name)
    return _spelled(name, op, spelled) if found is None else found


def _prices(one: Layer, other: Layer, parts: Sequence[Arguments]) -> list[Cost]:
    """What each part of the changes costs when they are made in this order, and at last what other inputs cost.

    Where a part means nothing without the others (an operator replaced, a map of other dimensions, a padding that needs
    its kernel), the last one has the cost of all.
    """
    op, costs = one.node.op, [one.cost]
    turned = [len(shape) for shape in one.shapes] != [len(shape) for shape in other.shapes]
    try:
        for part in parts:
            if turned or not part[0].name:
                raise OpError("another operator, or another map")
            op = op.model_copy(update={each.name: getattr(other.node.op, each.name) for each in part})
            costs.append(price(op, one.shapes, one.node.shares is not None))
    except OpError:
        return [*[Cost()] * (len(parts) - 1), other.cost - one.cost, Cost()]
    return [after - before for before, after in pairwise([*costs, other.cost])]


def changes(
    match: Match, differing: Sequence[Arguments], words: tuple[Describer, Describer]
) -> Iterator[tuple[int, Finding]]:
    """The findings about layers that both networks have, each with the row of its first place."""
    often = _systematic(match, differing)
    families: dict[tuple[Any, ...], dict[Arguments, list[Change]]] = defaultdict(lambda: defaultdict(list))
    reshaped: dict[bool, list[Change]] = defaultdict(list)
    for at, ((one, other), found) in enumerate(zip(match.rows, differing, strict=True)):
        if one is None or other is None:
            continue
        parts: list[Arguments] = [(each,) for each in found if (one.name, one.aux, each) in often]
        rest = tuple(each for each in found if (each,) not in parts)
        parts += [rest] if rest else []
        *costs, inputs = _prices(one, other, parts)
        if rest:
            costs[-1] += inputs
        elif inputs != Cost():
            reshaped[one.aux].append(Change(at, one, other, inputs))
        for part, cost in zip(parts, costs, strict=True):
            family = one.aux, one.name, other.name, *(each.name for each in part)
            families[family][part].append(Change(at, one, other, cost, part == found))
    present = Counter(layer.name for layer in match.sides[0].by_value.values() if not layer.aux)
    for (aux, name, *_), groups in families.items():
        yield from _told(groups, 0 if aux else present[name], words)
    for places in reshaped.values():
        kinds = Counter(each.one.name for each in places).most_common()
        yield len(match.rows), _finding("reshaped", places, ", ".join(f"{count:,} {kind}" for kind, count in kinds))


def _systematic(match: Match, differing: Sequence[Arguments]) -> set[tuple[str, bool, Argument]]:
    """The changes that layers have in common whose other changes differ."""
    seen: dict[tuple[str, bool, Argument], Counter[Arguments]] = defaultdict(Counter)
    for (one, _), found in zip(match.rows, differing, strict=True):
        if one is not None:
            for each in found:
                seen[one.name, one.aux, each][found] += 1
    return {key for key, sets in seen.items() if len(sets) > 1 and sets.total() >= _SYSTEMATIC}


def _told(
    groups: dict[Arguments, list[Change]], present: int, words: tuple[Describer, Describer]
) -> Iterator[tuple[int, Finding]]:
    """One finding for each change of a family, whose changes differ in numbers only; one for all where they are many.

    Operators that differ in nothing else are told as a whole, unless all the layers of that kind, `present`, changed.
    """
    found = [_finding("changed", places, *_texts(places[0], part, words)) for part, places in groups.items()]
    if len(found) > MERGED:
        yield next(iter(groups.values()))[0].at, merged(found, found[0].text)
        return
    for finding, places in zip(found, groups.values(), strict=True):
        whole = {(words[0].notation(each.one.node.op), words[1].notation(each.other.node.op)) for each in places}
        if every := len(places) == present >= _SYSTEMATIC:
            finding = replace(finding, every=every)
        elif len(whole) == 1 and all(each.alone for each in places):
            before, after = whole.pop()
            finding = replace(finding, text="", before=before, after=after)
        yield places[0].at, finding


def initial(match: Match, words: tuple[Describer, Describer]) -> list[Finding]:
    """The findings about how weights are drawn before training."""
    groups: dict[tuple[bool, tuple[str, ...]], list[Change]] = defaultdict(list)
    for at, (one, other) in enumerate(match.rows):
        if one is None or other is None or one.name != other.name:
            continue
        for name in TRAINING_ONLY:
            argument = Argument(name, *(getattr(layer.node.op, name, None) for layer in (one, other)))
            if argument.before != argument.after:
                change = Change(at, one, other, Cost())
                groups[one.aux, _texts(change, (argument,), words)].append(change)
    return [_finding("init", places, *texts) for (_, texts), places in groups.items()]


def _texts(change: Change, part: Arguments, words: tuple[Describer, Describer]) -> tuple[str, str, str]:
    """What changed, and its values on both sides."""
    ops = change.one.node.op, change.other.node.op
    if not part[0].name:
        return "", words[0].notation(ops[0]), words[1].notation(ops[1])
    names = [argument_name(ops[0], each.name) for each in part]
    sides = [[value(op, each.name, each[side]) for each in part] for side, op in enumerate(ops, 1)]
    if len(part) == 1:
        return f"{ops[0].name}: {names[0]}", sides[0][0], sides[1][0]
    before, after = (", ".join(map(" ".join, zip(names, side, strict=True))) for side in sides)
    return f"{ops[0].name}:", before, after


def _finding(
    kind: FindingKind, places: Sequence[Change], text: str, before: str | None = None, after: str | None = None
) -> Finding:
    """One difference in all its places."""
    return Finding(
        kind,
        text,
        len(places),
        before=before,
        after=after,
        spots=tuple(Spot(each.one.node.path, each.other.node.path, each.other.node.shape) for each in places),
        params=sum(each.cost.params for each in places),
        macs=sum(each.cost.macs for each in places),
        aux=places[0].one.aux,
    )
