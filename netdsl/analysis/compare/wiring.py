"""A match to what is wired otherwise: what takes other values than its counterpart, though it is the same layer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from netdsl.analysis.compare.describe import Describer
from netdsl.analysis.compare.finding import Finding, Spot
from netdsl.analysis.compare.match import Match
from netdsl.ir import AuxHead

_NOWHERE = Spot(None, None)

Told: TypeAlias = "tuple[str, str | None, str | None]"
"""What is told of a place, with the values on both sides."""


def rewired(match: Match, words: Describer) -> list[Finding]:
    """One finding for all places where the same is told."""
    spots: dict[Told, list[Spot]] = defaultdict(list)
    for told, spot in _Wiring(match, words).places():
        spots[told].append(spot)
    return [
        Finding("rewired", text, len(places), before=before, after=after, spots=tuple(places))
        for (text, before, after), places in spots.items()
    ]


class _Wiring:
    def __init__(self, match: Match, words: Describer):
        self.match, self.words = match, words
        self.origins = self._origins(0), self._origins(1)

    def _origins(self, side: int) -> dict[int, int]:
        """For each value the last one up to it that has a counterpart, else the input it comes from."""
        layers, mates = self.match.sides[side], self.match.mates[side]
        found = {value: value for value in range(len(layers.network.inputs))}
        for value, layer in layers.by_value.items():
            found[value] = value if value in mates else found[layer.inputs[0]]
        return found

    def places(self) -> Iterator[tuple[Told, Spot]]:
        """All layers, the result and the other ends that both networks have, where they are wired otherwise."""
        sides = self.match.sides
        for one, other in self.match.rows:
            if one is None or other is None:
                continue
            name, spot = self.words.notation(one.node.op), Spot(one.node.path, other.node.path)
            ordered = not (one.node.op.symmetric and other.node.op.symmetric)
            for told in self.differing(name, one.inputs, other.inputs, ordered):
                yield told, spot
            left, right = one.node.shares, other.node.shares
            if (left, right) != (None, None) and (left is None or self.match.mates[0].get(left) != right):
                yield self.told(f"{name} has the weights of", left, right), spot
        titles = [("the result", sides[0].network.result, sides[1].network.result)]
        for first, second in self.match.ends:
            if first is not None and second is not None:
                kind = "aux head" if isinstance(first, AuxHead) else "output"
                titles.append((f"{kind} {first.name}", first.value, second.value))
        for title, before, after in titles:
            for told in self.differing(title, (sides[0].behind[before],), (sides[1].behind[after],)):
                yield told, _NOWHERE

    def told(self, text: str, *values: int | None) -> Told:
        before, after = (side.called(value) for side, value in zip(self.match.sides, values, strict=True))
        return text, before or "nothing", after or "nothing"

    def differing(self, name: str, left: Sequence[int], right: Sequence[int], ordered: bool = True) -> list[Told]:
        """The values taken which are not each other's counterparts. What comes through a layer that one side has alone
        needs no other word."""
        mates, back = self.match.mates
        if [mates.get(value) for value in left] == list(right):
            return []
        known = [value in mates for value in left], [value in back for value in right]
        direct = all(known[0] + known[1])
        origins = [mates.get(self.origins[0][value], -1) for value in left], [self.origins[1][value] for value in right]
        extra = Counter(origins[0]) - Counter(origins[1]), Counter(origins[1]) - Counter(origins[0])
        if not extra[0] and not extra[1]:
            moved = ordered and direct and origins[0] != origins[1]
            return [(f"{name} joins its branches in another order", None, None)] if moved else []
        found = [
            [value for value, origin, has_mate in zip(*side, strict=True) if has_mate and origin in more]
            for *side, more in zip((left, right), origins, known, extra, strict=True)
        ]
        if not all(found) and not direct:
            return []
        return [self.told(f"{name} takes the value of", *ends) for ends in zip_longest(*found)]
