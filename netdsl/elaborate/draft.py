"""The network while it is being built: the same tree as `netdsl.ir`, mutable and without names of modules; `freeze`
makes one of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from netdsl.ir import Choice, Node, Scope, ShapeClaim
from netdsl.ops import Operator
from netdsl.shapes import Shape
from netdsl.syntax.tree import Name
from netdsl.text.source import Span

NO_TERMS: dict[str, str] = {}
"""Of all that was written as constants: one for all, since a network is never changed."""
NO_OUTPUTS: dict[str, int] = {}


@dataclass(slots=True, eq=False)
class DraftNode:
    """An `ir.Node` to be. `given` is a name that the construct itself fixes (`conv1` in a bracket block)."""

    id: int
    op: Operator
    inputs: tuple[int, ...]
    shape: Shape | None
    span: Span
    label: Name | None = None
    given: str | None = None
    implicit: bool = False
    shares: DraftNode | None = None
    terms: dict[str, str] | None = None
    arms: tuple[Choice, ...] = ()
    name: str = ""
    path: str = ""


@dataclass(slots=True, eq=False)
class DraftScope:
    """An `ir.Scope` to be. `takes` are the names of a block's inputs, `entries` their values."""

    kind: str
    span: Span
    entry: int
    exit: int = -1
    title: str = ""
    label: Name | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    children: list[Draft] = field(default_factory=list)
    terms: dict[str, str] | None = None
    arms: tuple[Choice, ...] = ()
    choices: tuple[Choice, ...] = ()
    definition: str | None = None
    takes: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    outputs: dict[str, int] | None = None
    name: str = ""
    path: str = ""

    def nodes(self) -> Iterator[DraftNode]:
        """All nodes inside, in order."""
        for child in self.children:
            if isinstance(child, DraftNode):
                yield child
            else:
                yield from child.nodes()


Draft = DraftNode | DraftScope


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was placed in a scope: the values from `start` to `end`, the `if`s and claims that were met, and how many
    parts it comes to. `entries` are the values that it was placed on, `exit` is the current one behind it."""

    scope: DraftScope
    exit: int
    entries: tuple[int, ...]
    start: int
    end: int
    choices: tuple[Choice, ...]
    claims: tuple[ShapeClaim, ...]
    parts: int


def freeze(draft: DraftScope) -> Scope:
    """A draft as a frozen scope. Its parts were checked when they were made, so they are not checked again."""
    return Scope.made(
        terms=draft.terms or NO_TERMS,
        arms=draft.arms,
        kind=draft.kind,
        title=draft.title,
        name=draft.name,
        path=draft.path,
        label=draft.label.text if draft.label else None,
        arguments=draft.arguments,
        children=tuple(_node(child) if isinstance(child, DraftNode) else freeze(child) for child in draft.children),
        entry=draft.entry,
        exit=draft.exit,
        span=draft.span,
        choices=draft.choices,
        definition=draft.definition,
        entries=draft.entries if len(draft.entries) > 1 else (),
        takes=draft.takes,
        outputs=draft.outputs or NO_OUTPUTS,
    )


def _node(draft: DraftNode) -> Node:
    return Node.made(
        terms=draft.terms or NO_TERMS,
        arms=draft.arms,
        id=draft.id,
        op=draft.op,
        inputs=draft.inputs,
        shape=draft.shape,
        name=draft.name,
        path=draft.path,
        label=draft.label.text if draft.label else None,
        shares=draft.shares.id if draft.shares else None,
        implicit=draft.implicit,
        span=draft.span,
    )
