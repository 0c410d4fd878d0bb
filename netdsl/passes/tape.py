"""A training step as a tape: what each layer keeps for its gradient, and what is alive at each moment.

The tape is made of a network's layers or of a compiled plan's steps; nothing is computed. `moments` plays it forward
and back, as autograd does. Some values may be computed again in place of being kept: single ones (`Light`), or all of
a stretch of layers, of which only what goes into it is kept (`Again`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Bytes(NamedTuple):
    """Bytes for each sample, and for a batch of any size."""

    each: int = 0
    fixed: int = 0

    def of(self, batch: int) -> int:
        """The bytes for so many samples."""
        return self.each * batch + self.fixed


NONE = Bytes()


@dataclass(frozen=True)
class Entry:
    """One layer: the value it gives and those it takes; `kept` are the values, and `own` the further bytes, that its
    gradient needs; `view`: its value is its input's memory; `passing` are the bytes that are there only while its
    gradient is worked out, its weights' gradients among them; `reached` are the inputs that it passes gradients to."""

    value: int
    inputs: tuple[int, ...]
    kept: tuple[int, ...]
    own: Bytes
    view: bool
    passing: Bytes
    reached: tuple[int, ...]

    @property
    def hands_on(self) -> bool:
        """Whether its inputs' gradients are its own, or views of it: a sum, a concatenation."""
        return len(self.inputs) > 1 and not (self.kept or any(self.own) or any(self.passing))


@dataclass(frozen=True)
class Light:
    """A value that is computed again: by the entries at `places`, of the values `inputs`."""

    value: int
    places: tuple[int, ...]
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Tape:
    """The entries in the order in which they run. `sizes` are the bytes of each value for one sample, the first
    `inputs` of which are given; `results` are the values that the loss takes."""

    entries: tuple[Entry, ...]
    sizes: tuple[int, ...]
    inputs: int
    results: frozenset[int]

    @cached_property
    def storage(self) -> tuple[int, ...]:
        """The value whose memory each value is in."""
        found = list(range(len(self.sizes)))
        for entry in self.entries:
            if entry.view:
                found[entry.value] = found[entry.inputs[0]]
        return tuple(found)

    @cached_property
    def keepers(self) -> dict[int, int]:
        """The place of the first entry that keeps each memory."""
        found: dict[int, int] = {}
        for place, entry in enumerate(self.entries):
            for value in entry.kept:
                found.setdefault(self.storage[value], place)
        return found

    @cached_property
    def ends(self) -> dict[int, int]:
        """The place of the last entry that takes, or makes, each value."""
        return {value: place for place, entry in enumerate(self.entries) for value in (*entry.inputs, entry.value)}

    @cached_property
    def last(self) -> dict[int, int]:
        """The place of the last entry that takes, or makes, each memory."""
        return {
            self.storage[value]: place
            for place, entry in enumerate(self.entries)
            for value in (*entry.inputs, entry.value)
        }

    @cached_property
    def layers(self) -> dict[int, int]:
        """What each entry keeps for one sample, by its value; what several keep is counted at the first."""
        found = {entry.value: entry.own.each for entry in self.entries}
        for value, place in self.keepers.items():
            found[self.entries[place].value] += self.sizes[value]
        return found

    def roots(self, value: int, lights: Mapping[int, Light]) -> tuple[int, ...]:
        """The memories that are kept for a value: its own, or those of which it is computed again."""
        found = lights.get(self.storage[value])
        if found is None:
            return (self.storage[value],)
        return tuple(root for each in found.inputs for root in self.roots(each, lights))

    def entering(self, stretch: range) -> tuple[int, ...]:
        """The values from before a stretch that it takes."""
        made = {self.entries[place].value for place in stretch}
        taken = (value for place in stretch for value in self.entries[place].inputs)
        return tuple(dict.fromkeys(value for value in taken if value not in made))

    def leaving(self, stretch: range) -> tuple[int, ...]:
        """The values made in a stretch that are taken behind it, or returned."""
        behind = {value for entry in self.entries[stretch.stop :] for value in entry.inputs} | self.results
        return tuple(value for place in stretch if (value := self.entries[place].value) in behind)


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
        self.asked = _asked(tape, self.lights)
        self.let_go: dict[int, list[Light]] = {}
        for each in self.lights.values():
            self.let_go.setdefault(min(self.asked[each.value], default=min(each.places)), []).append(each)
        self.inner = {place for each in self.lights.values() for place in each.places}
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
        for place in stretch:
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
        for place in reversed(stretch):
            entry = tape.entries[place]
            own, taken = tape.storage[entry.value], {tape.storage[value] for value in entry.reached}
            kept = {tape.storage[value] for value in entry.kept}
            for value in kept:
                self._make(value)
            for found in self.let_go.get(place, ()):
                self._unmake(found, place)
            again = 0
            handed = self.gradients.get(own) if entry.hands_on else None
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
            handed = None
        if handed is None:
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
