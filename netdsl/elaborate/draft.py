"""The network while it is being built: the same tree as `netdsl.ir`, mutable and without names of modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from netdsl.ir import Choice
from netdsl.ops import Operator
from netdsl.shapes import Shape
from netdsl.text.source import Span


@dataclass(slots=True, eq=False)
class DraftNode:
    """An `ir.Node` to be. `given` is a name that the construct itself fixes (`conv1` in a bracket block)."""

    id: int
    op: Operator
    inputs: tuple[int, ...]
    shape: Shape | None
    span: Span
    label: str | None = None
    label_span: Span | None = None
    given: str | None = None
    implicit: bool = False
    shares: DraftNode | None = None
    name: str = ""
    path: str = ""
    terms: dict[str, str] | None = None
    arms: tuple[Choice, ...] = ()

    @property
    def weighted(self) -> bool:
        """Whether the operator has weights at all."""
        return self.op.weighted


@dataclass(slots=True, eq=False)
class DraftScope:
    """An `ir.Scope` to be."""

    kind: str
    span: Span
    entry: int
    exit: int = -1
    title: str = ""
    label: str | None = None
    label_span: Span | None = None
    given: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    children: list[DraftNode | DraftScope] = field(default_factory=list)
    name: str = ""
    path: str = ""
    terms: dict[str, str] | None = None
    arms: tuple[Choice, ...] = ()
    choices: tuple[Choice, ...] = ()
    definition: str | None = None

    def nodes(self) -> Iterator[DraftNode]:
        """All nodes inside, in order."""
        for child in self.children:
            if isinstance(child, DraftNode):
                yield child
            else:
                yield from child.nodes()


@dataclass
class AuxDraft:
    """An aux head to be: where it is, its loss weight, and the value it gives."""

    scope: DraftScope
    weight: float | None
    value: int
