"""Stretches of layers are computed again in the backward pass; of each, only what goes into it is kept.

Where a budget asks for more than values that cost next to nothing, whole blocks go: their forward pass is done once
more when the backward pass comes to them, with the same random masks, and running averages that stay as they are. What
counts is the peak, not the sum of what is kept: few long groups keep little, but each is large when its turn comes. So
the network is cut where few bytes cross, and a dynamic programme goes over the cuts: each part is kept or belongs to a
group, no moment is above the budget, and of all such choices the one is taken that does the fewest operations again.
Early layers have large maps, so their groups are short.

It costs up to one more forward pass, about a third of a step. A budget that no choice reaches is told, with the least
that one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netdsl.passes.tape import Light, Tape

MOST_CUTS = 96
MOST_CHOICES = 24
"""So many choices are followed from each cut on: of more, those are left out that others come close to."""


class Choice(NamedTuple):
    """How the layers up to a cut are done: the bytes kept by then, the operations done again, and the groups."""

    kept: int
    work: int
    groups: tuple[range, ...] = ()


@dataclass(frozen=True)
class Weighed:
    """What each place of a tape takes, in bytes for one batch: `kept` of it for the backward pass, as it is and with
    light values made again (`light`), the values `passing` on the way, the `gradients` at hand, and light values that
    are `made` at hand; `work` are its operations."""

    kept: tuple[int, ...]
    light: tuple[int, ...]
    passing: tuple[int, ...]
    gradients: tuple[int, ...]
    made: tuple[int, ...]
    work: tuple[int, ...]


def weighed(tape: Tape, lights: Sequence[Light], batch: int, work: Sequence[int]) -> Weighed:
    """What each place takes."""
    count = len(tape.entries)
    value_of = {each.value: each for each in lights}
    inner = {place for each in lights for place in each.places}
    roots = {tape.storage[each] for light in lights for each in light.inputs if each not in value_of}
    sizes = [size * batch for size in tape.sizes]
    kept, light, passing, gradients = [], [], [0] * count, [0] * count
    born: dict[int, int] = {}
    for place, entry in enumerate(tape.entries):
        own = entry.own.of(batch)
        root = tape.storage[entry.value]
        new = root >= tape.inputs and root not in born
        if new:
            born[root] = place
        held = sizes[root] if new and root in tape.keepers else 0
        kept.append(own + held)
        needed = new and root not in value_of and (root in tape.keepers or root in roots)
        light.append((0 if place in inner else own) + (sizes[root] if needed else 0))
    for root, start in born.items():
        if root not in tape.keepers:
            for place in range(start, tape.last[root] + 1):
                passing[place] += sizes[root]
        for place in range(start, tape.last[root] + 1):
            gradients[place] += sizes[root]
    for place, entry in enumerate(tape.entries):
        gradients[place] += entry.passing.of(batch)
    made = [0] * count
    for each in lights:
        last = max((place for place, entry in enumerate(tape.entries) if each.value in entry.kept), default=0)
        own = sum(tape.entries[place].own.of(batch) for place in each.places)
        for place in range(min(each.places), last + 1):
            made[place] += sizes[each.value] + own
    return Weighed(*map(tuple, (kept, light, passing, gradients, made, work)))


def cuts(tape: Tape) -> list[int]:
    """The places where a tape may be cut: before the first entry, behind the last, and where few bytes cross."""
    crossing = crossed(tape)
    sizes = [sum(tape.sizes[value] for value in each) for each in crossing]
    window = 3
    while True:
        found = [
            place
            for place in range(1, len(sizes) - 1)
            if (window == 3 and len(crossing[place]) == 1)
            or sizes[place] == min(sizes[max(place - window, 1) : place + window + 1])
        ]
        if len(found) <= MOST_CUTS:
            return [0, *found, len(tape.entries)]
        window *= 2


def crossed(tape: Tape) -> list[set[int]]:
    """The memories that are made before each place and taken at it or behind it."""
    found: list[set[int]] = [set() for _ in range(len(tape.entries) + 1)]
    for place, entry in enumerate(tape.entries):
        root = tape.storage[entry.value]
        for later in range(place + 1, tape.last[root] + 1):
            found[later].add(root)
    return found


class Programme:
    """The dynamic programme over the cuts of one tape."""

    def __init__(self, tape: Tape, lights: Sequence[Light], batch: int, work: Sequence[int]):
        self.given = tape.inputs and sum(tape.sizes[: tape.inputs]) * batch
        self.weighed = found = weighed(tape, lights, batch, work)
        self.cuts = cuts(tape)
        crossing = crossed(tape)
        light = {each.value for each in lights}
        self.crossing = [sum(tape.sizes[value] for value in crossing[cut]) * batch for cut in self.cuts]
        self.unkept = [
            sum(tape.sizes[value] for value in crossing[cut] if value not in tape.keepers or value in light) * batch
            for cut in self.cuts
        ]
        count = len(self.cuts)
        self.keep = [self._kept(self.cuts[i], self.cuts[i + 1]) for i in range(count - 1)]
        self.group: list[list[int]] = [[] for _ in range(count)]
        for i in range(count - 1):
            self.group[i] = self._grouped(i)
        self.sums = [0]
        for each in found.work:
            self.sums.append(self.sums[-1] + each)

    def _kept(self, start: int, stop: int) -> tuple[int, int]:
        """What a part that is kept leaves behind, and the most that it takes."""
        found, so_far, most = self.weighed, 0, 0
        for place in range(start, stop):
            so_far += found.light[place]
            most = max(most, so_far + max(found.passing[place], found.gradients[place] + found.made[place]))
        return so_far, most

    def _grouped(self, first: int) -> list[int]:
        """The most that a group from a cut to each cut behind it takes."""
        found, so_far, behind, ahead, result = self.weighed, 0, 0, 0, []
        place = self.cuts[first]
        for cut, leaving in zip(self.cuts[first + 1 :], self.crossing[first + 1 :], strict=True):
            while place < cut:
                so_far += found.kept[place]
                behind = max(behind, so_far + found.gradients[place])
                ahead = max(ahead, so_far + found.passing[place])
                place += 1
            result.append(max(behind, ahead + leaving))
        return result

    def cheapest(self, most: int) -> Choice | None:
        """The choice with the fewest operations done again of those that take at most so many bytes."""
        states: list[dict[bool, list[Choice]]] = [{False: [], True: []} for _ in self.cuts]
        states[0][False].append(Choice(self.given, 0))
        for here in range(len(self.cuts) - 1):
            for grouped in (False, True):
                for choice in _best(states[here][grouped]):
                    entering = choice.kept + (self.crossing[here] if grouped else 0)
                    size, highest = self.keep[here]
                    if entering + highest <= most:
                        states[here + 1][False].append(choice._replace(kept=entering + size))
                    entering = choice.kept + (self.crossing if grouped else self.unkept)[here]
                    for there, taken in enumerate(self.group[here], here + 1):
                        if entering + taken > most:
                            continue  # a longer group may take less, where less leaves it
                        stretch = range(self.cuts[here], self.cuts[there])
                        work = choice.work + self.sums[stretch.stop] - self.sums[stretch.start]
                        states[there][True].append(Choice(entering, work, (*choice.groups, stretch)))
        ended = [*states[-1][False], *states[-1][True]]
        return min(ended, key=lambda each: (each.work, each.kept), default=None)

    def lowest(self) -> int:
        """The least that any choice takes at its highest moment."""
        last = len(self.cuts) - 1
        least = {False: [0] * (last + 1), True: [0] * (last + 1)}
        for here in range(last - 1, -1, -1):
            size, highest = self.keep[here]
            kept = max(highest, size + least[False][here + 1])
            group = min(max(taken, least[True][there]) for there, taken in enumerate(self.group[here], here + 1))
            least[False][here] = min(kept, self.unkept[here] + group)
            least[True][here] = self.crossing[here] + min(kept, group)
        return self.given + least[False][0]


def _best(choices: list[Choice]) -> list[Choice]:
    """The choices of which no other keeps less and does less again, a few of them where they are many."""
    found: list[Choice] = []
    for each in sorted(choices, key=lambda each: (each.kept, each.work)):
        if not found or each.work < found[-1].work:
            found.append(each)
    if len(found) <= MOST_CHOICES:
        return found
    step = (len(found) - 1) / (MOST_CHOICES - 1)
    return [found[round(number * step)] for number in range(MOST_CHOICES)]
