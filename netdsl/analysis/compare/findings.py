"""A match to findings: each difference once, with all the places where it is."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.compare.alone import Alone
from netdsl.analysis.compare.changes import Changes
from netdsl.analysis.compare.describe import Describer, argument_name, value
from netdsl.analysis.compare.finding import Finding
from netdsl.analysis.compare.group import Group, gathered, spot
from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost
from netdsl.analysis.compare.match import Match
from netdsl.ir import AuxHead, Network, Setting, written
from netdsl.shapes import text as shape_text


def findings(match: Match, words: tuple[Describer, Describer]) -> tuple[Finding, ...]:
    """All findings, in the order of their first places."""
    groups = [*Changes(match, words).groups(), *_rewired(match, words), *Alone(match, words).groups()]
    networks = match.sides[0].network, match.sides[1].network
    found = sorted(gathered(groups), key=lambda each: each[0])
    return (*_inputs(*networks), *_ends(match), *(finding for _, finding in found))


def recipes(match: Match) -> tuple[Finding, ...]:
    """The findings about training: the settings of the recipes and how weights are drawn. They change no figures."""
    networks = match.sides[0].network, match.sides[1].network
    return (*_settings(networks[0].train, networks[1].train), *(finding for _, finding in gathered(_initial(match))))


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
