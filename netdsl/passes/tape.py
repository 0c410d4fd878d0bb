"""A training step as a tape: what each layer takes, gives, and keeps for its gradient.

The tape is made of a network's layers or of a compiled plan's steps; nothing is computed. `player` plays it forward and
back. Some values may be computed again in place of being kept: single ones (`Light`), or all of a stretch of layers, of
which only what goes into it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    gradient is worked out, its weights' gradients among them; `reached` are the inputs that it passes gradients
    to, which are its own or parts of it where it is `handed` on."""

    value: int
    inputs: tuple[int, ...]
    kept: tuple[int, ...]
    own: Bytes
    view: bool
    passing: Bytes
    reached: tuple[int, ...]
    handed: bool


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
