"""A tape played forward and back, as autograd does: what is alive at each moment of a training step.

A value is held by the variables and layers that have it, a gradient is in memory of its own or in another's, and what
is computed again is there from when it is first asked for to when it last is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netdsl.passes.tape import NONE, Bytes, Entry, Light, Tape


def _asked(tape: Tape, lights: Mapping[int, Light]) -> dict[int, list[int]]:
    """The places at whose gradients something is asked of each light value: of itself, by what keeps it or by another
    light value that is computed of it, or of what was found on the way to it."""
    found: dict[int, list[int]] = {value: [] for value in lights}
    for place, entry in enumerate(tape.entries):
        for value in {tape.storage[each] for each in entry.kept} & found.keys():
            found[value].append(place)
    for light in lights.values():
        found[light.value] += [place for place in light.places if any(tape.entries[place].own)]
    for light in sorted(lights.values(), key=lambda each: each.value, reverse=True):
        for value in {tape.storage[each] for each in light.inputs} & found.keys():
            found[value] += [max(found[light.value], default=min(light.places))]
    return found


@dataclass
class _Memory:
    """What one gradient is in, or those of several values."""

    size: int
    holders: int = 0


class Player:
    """Plays one tape, whose `lights` and stretches `again` are computed again; no light value is made, or taken, in one
    of these stretches.

    `ends` are the places at which variables are let go, by their values: after the last that takes them, unless given.
    `kept` is what is alive between the passes: what is kept, what was given and what is returned.
    """

    def __init__(
        self,
        tape: Tape,
        lights: Iterable[Light] = (),
        again: Sequence[range] = (),
        ends: Mapping[int, int] | None = None,
    ):
        self.tape = tape
        self.ending: dict[int, list[int]] = {}
        for value, place in (tape.ends if ends is None else ends).items():
            self.ending.setdefault(place, []).append(value)
        self.lights = {each.value: each for each in lights}
        asked = _asked(tape, self.lights)
        self.let_go: dict[int, list[Light]] = {}
        for each in self.lights.values():
            self.let_go.setdefault(min(asked[each.value], default=min(each.places)), []).append(each)
        self.inner = {place for each in self.lights.values() for place in each.places}
        self.running: dict[int, tuple[int, ...]] = dict.fromkeys(self.inner, ())
        self.running |= {max(each.places): each.places for each in self.lights.values()}
        self.again = again
        self.returned = {tape.storage[value] for value in tape.results}
        self.holders: Counter[int] = Counter()
        self.gradients: dict[int, _Memory] = {}
        self.made: dict[int, Bytes] = {}
        self.now = self.kept = Bytes()
        self.seen: list[Bytes] = []

    def played(self) -> list[Bytes]:
        """All moments."""
        tape = self.tape
        for value in range(tape.inputs):
            self._hold(value)
        self._tick()
        stretches = list(self._stretches())
        variables: set[int] = set()
        for stretch, again in stretches:
            if again:
                for value in tape.entering(stretch):
                    self._hold(tape.storage[value])
            self._forward(stretch, variables, keep=not again)
        for value in variables - tape.results:
            self._drop(tape.storage[value])
        self.kept = self.now
        for value in self.returned:
            if value >= tape.inputs:
                self._gradient(value)
        for stretch, again in reversed(stretches):
            if again:
                local: set[int] = set()
                done = self._done_again(stretch)
                self._forward(done, local, keep=True)
                for place in range(done.stop, stretch.stop):
                    self._keep(place, tape.entries[place])
                for value in local:
                    self._drop(tape.storage[value])
            self._backward(stretch)
            if again:
                for value in tape.entering(stretch):
                    self._drop(tape.storage[value])
        return self.seen

    def _stretches(self) -> Iterator[tuple[range, bool]]:
        """The stretches that are computed again, and those between them."""
        place = 0
        for stretch in sorted(self.again, key=lambda each: each.start):
            yield range(place, stretch.start), False
            yield stretch, True
            place = stretch.stop
        yield range(place, len(self.tape.entries)), False

    def _order(self, stretch: range) -> list[int]:
        """The places of a stretch as they run: those of a light value together, where the last one stands."""
        return [each for place in stretch for each in self.running.get(place, (place,))]

    def _done_again(self, stretch: range) -> range:
        """The part of a stretch that is computed again: up to where all is there that is kept."""
        for place in reversed(stretch):
            entry = self.tape.entries[place]
            if entry.value in entry.kept or any(entry.own):
                return range(stretch.start, place + 1)
            if entry.kept:  # a layer's inputs are kept before it is computed
                return range(stretch.start, place)
        return range(stretch.start, stretch.start)

    def _forward(self, stretch: range, variables: set[int], keep: bool) -> None:
        """Layers one after the other. `variables` are the values that are held for layers to come."""
        tape = self.tape
        for place in self._order(stretch):
            entry = tape.entries[place]
            variables.add(entry.value)
            self._hold(tape.storage[entry.value])
            if keep:
                self._keep(place, entry)
            self._tick()
            for value in variables.intersection(self.ending.get(place, ())) - tape.results:
                variables.discard(value)
                self._drop(tape.storage[value])

    def _keep(self, place: int, entry: Entry) -> None:
        if place not in self.inner:
            self._change(entry.own)
        tape = self.tape
        for value in {tape.storage[each] for each in entry.kept}:
            for root in tape.roots(value, self.lights):
                self._hold(root)

    def _backward(self, stretch: range) -> None:
        tape = self.tape
        for place in reversed(self._order(stretch)):
            entry = tape.entries[place]
            own, taken = tape.storage[entry.value], {tape.storage[value] for value in entry.reached}
            kept = {tape.storage[value] for value in entry.kept}
            for value in kept:
                self._make(value)
            for found in self.let_go.get(place, ()):
                self._unmake(found, place)
            again = 0
            handed = self.gradients.get(own) if entry.handed else None
            for value in taken:
                if value >= tape.inputs:
                    if value in self.gradients and taken == {value} != {own}:  # a join hands on what it gets
                        again = tape.sizes[value]  # the gradient by this layer, before it is added
                    self._gradient(value, handed)
            self._tick(Bytes(entry.passing.each + again, entry.passing.fixed))
            if place not in self.inner:
                self._change(entry.own, -1)
            for value in kept:
                for root in tape.roots(value, self.lights):
                    self._drop(root)
            for found in self.let_go.get(place, ()):
                self._unmake(found)
            if own in self.gradients and own not in taken:
                self._release(self.gradients.pop(own))

    def _make(self, value: int) -> None:
        """Compute a light value again, with those that it needs."""
        found = self.lights.get(value)
        if found is None or value in self.made:
            return
        for each in found.inputs:
            self._make(self.tape.storage[each])
        tape, between = self.tape, [self.tape.entries[place] for place in found.places]
        own = [entry.own for entry in between]
        self.made[value] = Bytes(tape.sizes[value] + sum(each for each, _ in own), sum(fixed for _, fixed in own))
        ends = {tape.storage[each]: entry.value for entry in between for each in entry.inputs}
        passing: set[int] = set()
        for entry in between:
            if not entry.view:
                passing.add(entry.value)
                self._change(Bytes(tape.sizes[entry.value]))
            self._change(entry.own)
            self._tick()
            for each in [each for each in passing if ends.get(each) == entry.value]:
                passing.discard(each)
                self._change(Bytes(tape.sizes[each]), -1)

    def _unmake(self, found: Light, place: int | None = None) -> None:
        """Let go of a light value and of what was found on the way to it, but for what the entry at a place keeps."""
        if found.value in self.made:
            left = NONE
            if place is not None:
                entry, inside = self.tape.entries[place], place in found.places
                keeps = any(self.tape.storage[value] == found.value for value in entry.kept)
                keeps = keeps or (inside and bool(entry.passing.each))  # of several functions, which ask in turn
                own = entry.own if inside else NONE
                left = Bytes(self.tape.sizes[found.value] * keeps + own.each, own.fixed)
            self._change(self.made[found.value], -1)
            self._change(left)
            self.made[found.value] = left
            if place is None:
                del self.made[found.value]

    def _gradient(self, value: int, handed: _Memory | None = None) -> None:
        """A gradient of a value: in memory of its own, or in what is handed on to it. A second one is added in place,
        where no other value's gradient is there too."""
        before = self.gradients.get(value)
        if before is not None and before.holders == 1:
            return
        if before is not None:
            self._release(before)
        if handed is None or before is not None:
            handed = _Memory(self.tape.sizes[value])
            self._change(Bytes(handed.size))
        handed.holders += 1
        self.gradients[value] = handed

    def _release(self, memory: _Memory) -> None:
        memory.holders -= 1
        if not memory.holders:
            self._change(Bytes(memory.size), -1)

    def _hold(self, value: int) -> None:
        self.holders[value] += 1
        if self.holders[value] == 1:
            self._change(Bytes(self.tape.sizes[value]))

    def _drop(self, value: int) -> None:
        self.holders[value] -= 1
        if not self.holders[value]:
            self._change(Bytes(self.tape.sizes[value]), -1)

    def _change(self, more: Bytes, sign: int = 1) -> None:
        self.now = Bytes(self.now.each + sign * more.each, self.now.fixed + sign * more.fixed)

    def _tick(self, more: Bytes = NONE) -> None:
        self.seen.append(Bytes(self.now.each + more.each, self.now.fixed + more.fixed))
