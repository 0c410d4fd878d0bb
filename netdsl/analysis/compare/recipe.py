"""How two networks are trained, compared: the settings of their recipes, and how the weights of layers are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netdsl.analysis.compare.changes import Cost
from netdsl.analysis.compare.describe import argument_name, value
from netdsl.analysis.compare.difference import Finding, Spot
from netdsl.analysis.compare.forms import TRAINING_ONLY
from netdsl.analysis.compare.gather import Group, Groups
from netdsl.analysis.compare.rows import Match
from netdsl.ir import Network, Setting, written


def recipes(one: Network, other: Network, match: Match) -> tuple[Finding, ...]:
    """The findings about training; they change no figures."""
    return (*_settings(one.train, other.train), *_initial(match))


def _settings(one: Setting | None, other: Setting | None) -> Iterator[Finding]:
    left = dict(one.kwargs) if one is not None else {}
    right = dict(other.kwargs) if other is not None else {}
    for name in [*left, *(name for name in right if name not in left)]:
        before, after = (written(each[name]) if name in each else None for each in (left, right))
        if before != after:
            yield Finding("recipe", f"train: {name}", before=before or "not given", after=after or "not given")


def _initial(match: Match) -> Iterator[Finding]:
    groups = Groups()
    for at, row in enumerate(match.rows):
        if row.one is None or row.other is None or type(row.one.node.op) is not type(row.other.node.op):
            continue
        left, right = row.one.node, row.other.node
        for name in TRAINING_ONLY:
            before, after = getattr(left.op, name, None), getattr(right.op, name, None)
            if before == after:
                continue
            words = value(left.op, name, before), value(right.op, name, after)

            def begin(group: Group, words: tuple[str, str] = words, name: str = name, op: Any = left.op) -> None:
                group.text = group.title = f"{op.name}: {argument_name(op, name)}"
                group.before, group.after = words

            group = groups.group((left.op.name, name, words), "init", at, False, begin)
            group.add(Spot(left.path, right.path, right.shape), Cost())
    return iter([finding for _, finding in groups.findings()])
