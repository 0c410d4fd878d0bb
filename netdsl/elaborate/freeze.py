"""The draft as the frozen tree of `netdsl.ir`."""

from __future__ import annotations

from netdsl.elaborate.draft import DraftNode, DraftScope
from netdsl.ir import Node, Scope


def freeze(draft: DraftScope) -> Scope:
    """A draft as a frozen scope. Its parts were checked when they were made, so they are not checked again."""
    children: list[Node | Scope] = []
    for child in draft.children:
        if isinstance(child, DraftNode):
            children.append(
                Node.model_construct(
                    id=child.id,
                    op=child.op,
                    inputs=child.inputs,
                    shape=child.shape,
                    name=child.name,
                    path=child.path,
                    label=child.label,
                    shares=child.shares.id if child.shares else None,
                    implicit=child.implicit,
                    span=child.span,
                    terms=child.terms or {},
                    arms=child.arms,
                )
            )
        else:
            children.append(freeze(child))
    return Scope.model_construct(
        kind=draft.kind,
        title=draft.title,
        name=draft.name,
        path=draft.path,
        label=draft.label,
        arguments=draft.arguments,
        children=tuple(children),
        entry=draft.entry,
        exit=draft.exit,
        span=draft.span,
        terms=draft.terms or {},
        arms=draft.arms,
        choices=draft.choices,
        definition=draft.definition,
    )
