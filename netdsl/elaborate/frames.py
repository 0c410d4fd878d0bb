"""What one body sees: the names of its file, its variables, the defaults in force, labels, and the calls that led to
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from netdsl.elaborate.draft import Draft
from netdsl.elaborate.files import Definition, Module
from netdsl.elaborate.values import Given
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span


class Call(NamedTuple):
    """A block that is being placed, and where it is called."""

    block: tree.Block
    where: Related


class Value(NamedTuple):
    """What a label stands for: a value, where the label is, and the drafts it labels (for `reuse`)."""

    id: int
    span: Span
    drafts: tuple[Draft, ...] = ()
    entry: int = 0


@dataclass(slots=True)
class Frame:
    """What one body sees: the variables, the defaults in force, and the labels of its own and of the bodies around it.

    `calls` are those that led here, innermost first; `depth` counts them and the bodies inside one another.
    """

    module: Module
    names: dict[str, Any]
    defaults: dict[str, dict[str, Given]] = field(default_factory=dict)
    labels: dict[str, Value] = field(default_factory=dict)
    around: Frame | None = None
    calls: tuple[Call, ...] = ()
    depth: int = 0

    def inner(self) -> Frame:
        """The frame of a body inside this one."""
        return replace(self, defaults=dict(self.defaults), labels={}, around=self, depth=self.depth + 1)

    def called(self, definition: Definition, arguments: dict[str, Any], where: Span) -> Frame:
        """The frame of a block's body: it sees the names of its own file and the defaults of its caller."""
        block, module = definition
        calls = (Call(block, Related(where, f"in this call of `{block.name.text}`")), *self.calls)
        return Frame(module, {**module.params, **arguments}, dict(self.defaults), calls=calls, depth=self.depth + 1)

    def iteration(self, index: str, number: int) -> Frame:
        """The frame of one repetition: this one, with the index."""
        return replace(self, names={**self.names, index: number})

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
