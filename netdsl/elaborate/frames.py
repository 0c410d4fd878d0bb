"""What one body sees: names, defaults in force, labels, and the calls that led to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from netdsl.elaborate.arguments import Given
from netdsl.elaborate.draft import DraftNode, DraftScope
from netdsl.syntax import tree
from netdsl.text.diagnostics import Related
from netdsl.text.source import Span


@dataclass
class Module:
    """The names of one file: its blocks (None: one whose definition has a syntax error) and its params.

    `partial`: a file that it uses cannot be read, so that a name may be one of that file's blocks.
    """

    file: tree.File
    blocks: dict[str, tuple[tree.Block, Module] | None] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    partial: bool = False


@dataclass
class Value:
    """What a label stands for: a value, where the label is, and the drafts it labels (for `reuse`)."""

    id: int
    span: Span
    drafts: list[DraftNode | DraftScope] = field(default_factory=list)
    entry: int = 0


@dataclass
class Frame:
    """What one body sees: the variables, the defaults in force, and the labels of its own and of the bodies around
    it."""

    module: Module
    names: dict[str, Any]
    defaults: dict[str, dict[str, Given]]
    labels: dict[str, Value] = field(default_factory=dict)
    around: Frame | None = None
    block: tree.Block | None = None
    calls: tuple[Related, ...] = ()
    depth: int = 0

    def inner(self, **names: Any) -> Frame:
        """The frame of a body inside this one."""
        return Frame(
            self.module,
            {**self.names, **names} if names else self.names,
            dict(self.defaults),
            {},
            self,
            self.block,
            self.calls,
            self.depth + 1,
        )

    def find(self, label: str) -> Value | None:
        frame: Frame | None = self
        while frame is not None:
            if label in frame.labels:
                return frame.labels[label]
            frame = frame.around
        return None

    def sighted(self) -> list[str]:
        """All labels in sight."""
        found: list[str] = []
        frame: Frame | None = self
        while frame is not None:
            found.extend(frame.labels)
            frame = frame.around
        return found
