"""Wiring that the nesting of sequences and forks does not say, compared when it is known what belongs together."""

from __future__ import annotations

from netdsl.analysis.compare.rows import Match, Rewired
from netdsl.analysis.compare.structure import Source, Structure, following


def rewired(one: Structure, other: Structure, found: Match) -> list[Rewired]:
    """References to values that are not each other's counterparts, and weights that are shared with other layers."""
    back = {right: left for left, right in found.partner.items()}
    left, right = _Resolved(one, found.partner), _Resolved(other, back)
    told = []
    for source, against, difference in found.sources:
        value, counterpart = left.paired(one.behind[source.value]), right.paired(other.behind[against.value])
        if found.partner.get(value, value) != counterpart:
            told.append(difference)
    for run in found.runs:
        for number, item in enumerate(run.items):
            if isinstance(item, Source) and not run.rows and run.head is None:
                layer = following(run.items, number)
                if run.added:
                    told.append(Rewired("value", None, layer, None, item.value))
                else:
                    told.append(Rewired("value", layer, None, item.value, None))
    for row in found.rows:
        if row.one is None or row.other is None:
            continue
        owner, counterpart_owner = row.one.node.shares, row.other.node.shares
        if owner is None and counterpart_owner is None:
            continue
        if owner is None or found.partner.get(owner) != counterpart_owner:
            told.append(Rewired("weights", row.one, row.other, owner, counterpart_owner))
    return told


class _Resolved:
    """For a value of one side the last one before it that has a counterpart, or the input it comes from."""

    def __init__(self, structure: Structure, paired: dict[int, int]):
        self.structure, self.known = structure, paired
        self.found: dict[int, int] = {}

    def paired(self, value: int) -> int:
        way = []
        first = len(self.structure.network.inputs)
        while value >= first and value not in self.known:
            if value in self.found:
                value = self.found[value]
                break
            way.append(value)
            value = self.structure.inputs[value][0]
        self.found.update(dict.fromkeys(way, value))
        return value
