"""A tape played forward and back, as autograd does: what is alive at each moment of a training step.

A value is held by the variables and layers that have it, a gradient is in memory of its own or in another's, and what
is computed again is there from when it is first asked for to when it last is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from netdsl.passes.tape import NONE, Bytes, Entry, Light, Tape


def _keeping(tape: Tape, lights: Mapping[int, Light]) -> list[set[int]]:
    """The memories that each entry keeps: what is found on the way to a light value is kept as that value is."""
    found = [{tape.storage[value] for value in entry.kept} for entry in tape.entries]
    for light in lights.values():
        for place in light.places:
            if any(tape.entries[place].own):
                found[place].add(light.value)
    return found


def _last_asked(tape: Tape, lights: Mapping[int, Light], keeping: Sequence[set[int]]) -> dict[int, int]:
    """The place at whose gradient each light value is asked for last: by what keeps it, or by another light value that
    is computed of it, which is when that one is asked for first."""
    places: dict[int, list[int]] = {value: [] for value in lights}
    takers: dict[int, list[int]] = {value: [] for value in lights}
    for place, kept in enumerate(keeping):
        for value in kept & lights.keys():
            places[value].append(place)
    for light in lights.values():
        for value in {tape.storage[each] for each in light.inputs} & lights.keys():
            takers[value].append(light.value)

    def asked(value: int) -> list[int]:
        return [*places[value], *(max(asked(taker)) for taker in takers[value])]

    return {value: min(asked(value)) for value in lights}


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
        self.keeping = _keeping(tape, self.lights)
        self.let_go: dict[int, list[Light]] = {}
        for value, place in _last_asked(tape, self.lights, self.keeping).items():
            self.let_go.setdefault(place, []).append(self.lights[value])
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
                self._backward_again(stretch)
            else:
                self._backward(stretch)
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

    def _forward(self, stretch: range, variables: set[int], keep: bool) -> None:
        """Layers one after the other. `variables` are the values that are held for layers to come."""
        tape = self.tape
        for place in self._order(stretch):
            entry = tape.entries[place]
            variables.add(entry.value)
            self._hold(tape.storage[entry.value])
            if keep:
                self._keep(place, entry)
            self._tick(*([] if keep and place not in self.inner else [entry.own]))  # it is made, kept or not
            for value in variables.intersection(self.ending.get(place, ())) - tape.results:
                variables.discard(value)
                self._drop(tape.storage[value])

    def _keep(self, place: int, entry: Entry) -> None:
        if place not in self.inner:
            self._change(entry.own)
        tape = self.tape
        for value in self.keeping[place]:
            for root in tape.roots(value, self.lights):
                self._hold(root)

    def _backward_again(self, stretch: range) -> None:
        """A stretch that is computed again when the first gradient asks for something that is kept, up to where all of
        that is there."""
        tape = self.tape
        asking = max(place for place in stretch if tape.entries[place].kept or any(tape.entries[place].own))
        entry = tape.entries[asking]
        self._backward(range(asking + 1, stretch.stop))
        inputs_alone = entry.value not in entry.kept and not any(entry.own)  # which are kept before it is computed
        local: set[int] = set()
        self._forward(range(stretch.start, asking if inputs_alone else asking + 1), local, keep=True)
        if inputs_alone:
            self._keep(asking, entry)
        for value in local:
            self._drop(tape.storage[value])
        self._backward(range(stretch.start, asking + 1))
        for value in tape.entering(stretch):
            self._drop(tape.storage[value])

    def _backward(self, stretch: range) -> None:
        tape = self.tape
        for place in reversed(self._order(stretch)):
            entry = tape.entries[place]
            own, taken = tape.storage[entry.value], [tape.storage[value] for value in entry.reached]
            for value in self.keeping[place]:
                self._make(value)
            left = [self._left(found, place) for found in self.let_go.get(place, ())]
            for found in self.let_go.get(place, ()):
                self._change(self.made.pop(found.value), -1)
            handed = self.gradients.get(own) if entry.handed else None
            again = sum(self._gradient(value, handed) for value in taken if value >= tape.inputs and value != own)
            self._tick(entry.passing, Bytes(again), *left)
            if place not in self.inner:
                self._change(entry.own, -1)
            for value in self.keeping[place]:
                for root in tape.roots(value, self.lights):
                    self._drop(root)
            if own in self.gradients and own not in taken:
                self._release(self.gradients.pop(own))

    def _make(self, value: int) -> None:
        """Compute a light value again, with those that it needs."""
        found = self.lights.get(value)
        if found is None or value in self.made:
            return
        for each in found.inputs:
            self._make(self.tape.storage[each])
        tape, before = self.tape, self.now
        between = [tape.entries[place] for place in found.places]
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
        self.made[value] = Bytes(self.now.each - before.each, self.now.fixed - before.fixed)

    def _left(self, found: Light, place: int) -> Bytes:
        """What the entry at a place needs, the last one that asks, of a light value and what was found on the way."""
        entry, inside = self.tape.entries[place], place in found.places
        keeps = found.value in {self.tape.storage[value] for value in entry.kept}
        keeps = keeps or (inside and bool(entry.passing.each))  # of several functions, which ask in turn
        own = entry.own if inside else NONE
        return Bytes(self.tape.sizes[found.value] * keeps + own.each, own.fixed)

    def _gradient(self, value: int, handed: _Memory | None = None) -> int:
        """A gradient of a value: in memory of its own, or in what is handed on to it. A second one is added to it; the
        bytes for each sample that are there only until then are returned."""
        before, size, more = self.gradients.get(value), self.tape.sizes[value], 0
        if before is not None:
            self._release(before)
            if not before.holders:
                more = before.size - (size if handed is not None else 0)
        if handed is None or before is not None:
            handed = _Memory(size)
            self._change(Bytes(size))
        handed.holders += 1
        self.gradients[value] = handed
        return more

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

    def _tick(self, *more: Bytes) -> None:
        each, fixed = zip(self.now, *more, strict=True)
        self.seen.append(Bytes(sum(each), sum(fixed)))
