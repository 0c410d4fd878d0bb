"""What one body sees: the names of its file, its variables, the defaults in force, labels, and the calls that led to
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from netdsl.elaborate.draft import Draft
from netdsl.elaborate.files import Definition, Module
from netdsl.elaborate.values import Given
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span


class Call(NamedTuple):
    """A block that is being placed, where it is called, and the file that calls it."""

    block: tree.Block
    where: Related
    module: Module


class Value(NamedTuple):
    """What a label stands for: a value, where the label is, and the drafts it labels (for `reuse`).

    `taken`: it is an input, of the net or of a block.
    """

    id: int
    span: Span
    drafts: tuple[Draft, ...] = ()
    entry: int = 0
    taken: bool = False


@dataclass(slots=True)
class Unset:
    """The labels of a file or a block that are not there: those of the arms that an `if` has not taken, and those with
    an expression whose statement is wrong; both by the `id` of the part of the tree."""

    choices: dict[int, tuple[tree.If, bool]] = field(default_factory=dict)
    lost: dict[int, tree.Label] = field(default_factory=dict)


@dataclass(slots=True)
class Frame:
    """What one body sees: the variables, the defaults in force, and the labels of its own and of the bodies around it.

    `calls` are those that led here, innermost first; `depth` counts them and the bodies inside one another. `worded`:
    some default has a term. `outputs` are those of the block so far, `unset` the labels that could be thought to be
    there. `aside`: inside an aux head.
    """

    module: Module
    names: dict[str, Any]
    defaults: dict[str, dict[str, Given]] = field(default_factory=dict)
    labels: dict[str, Value] = field(default_factory=dict)
    around: Frame | None = None
    calls: tuple[Call, ...] = ()
    depth: int = 0
    worded: bool = False
    outputs: dict[str, Value] = field(default_factory=dict)
    unset: Unset = field(default_factory=Unset)
    aside: bool = False

    def inner(self, around: Frame | None = None) -> Frame:
        """The frame of a body inside this one, which sees the labels of `around` (this one, if no other is said)."""
        return self._body(self.names, dict(self.defaults), {}, around or self, self.depth + 1)

    def arm(self) -> Frame:
        """The frame of an arm of an `if`: its statements stand in this body, one level further in."""
        return self._body(self.names, self.defaults, self.labels, self.around, self.depth + 1)

    def beside(self) -> Frame:
        """The frame of what several branches share: it stands between this one and theirs."""
        return self._body(self.names, self.defaults, {}, self, self.depth)

    def _body(
        self,
        names: dict[str, Any],
        defaults: dict[str, dict[str, Given]],
        labels: dict[str, Value],
        around: Frame | None,
        depth: int,
    ) -> Frame:
        """This frame with other parts. There is one for each body, so it is made in place of `dataclasses.replace`."""
        rest = self.worded, self.outputs, self.unset, self.aside
        return Frame(self.module, names, defaults, labels, around, self.calls, depth, *rest)

    def called(self, definition: Definition, arguments: dict[str, Any], labels: dict[str, Value], where: Span) -> Frame:
        """The frame of a block's body: it sees the names of its own file, the defaults of its caller, and its inputs,
        which are its first labels."""
        block, module = definition
        calls = (Call(block, Related(where, f"in this call of `{block.name.text}`"), self.module), *self.calls)
        defaults = dict(self.defaults)
        if self.worded:
            defaults = {name: _further(each) for name, each in defaults.items()}
        names = {**module.params, **arguments}
        return Frame(module, names, defaults, labels, None, calls, self.depth + 1, self.worded)

    def iteration(self, index: tree.Name | None, number: int) -> Frame:
        """The frame of one repetition: this one, with the index where it has a name."""
        if index is None:
            return self
        names = {**self.names, index.text: number}
        return self._body(names, self.defaults, self.labels, self.around, self.depth)

    @property
    def trail(self) -> tuple[Related, ...]:
        """The places of the calls that led here, innermost first."""
        return tuple(call.where for call in self.calls)

    def find(self, label: str) -> Value | None:
        """What a label in sight stands for."""
        return next((frame.labels[label] for frame in self._outward() if label in frame.labels), None)

    def sighted(self) -> list[str]:
        """All labels in sight."""
        return [label for frame in self._outward() for label in frame.labels]

    def _outward(self) -> Iterator[Frame]:
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.around


def _further(defaults: dict[str, Given]) -> dict[str, Given]:
    """Defaults one call further in: their terms speak of the names further out."""
    if not any(each.term for each in defaults.values()):
        return defaults
    return {name: each if each.term is None else each._replace(term=f"^{each.term}") for name, each in defaults.items()}
