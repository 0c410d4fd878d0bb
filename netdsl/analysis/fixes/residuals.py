"""A residual whose shortcut cannot follow its body: another shortcut, or a body that keeps the shape."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault, holds
from netdsl.analysis.fixes._whatif import ending_in
from netdsl.ir import Scope
from netdsl.syntax import tree

CODES = ("E0302",)


def propose(fault: Fault) -> Iterator[Candidate]:
    network = fault.known.network
    scope = next((each for each in fault.known.scopes if each.kind == "residual" and _is_at(fault, each)), None)
    if scope is None or network is None:
        return
    yield from _shortcut(fault, fault.known.items.get(scope.span[1:]))
    body = scope.children[0] if scope.children else None
    before = network.shapes[scope.entry]
    after = network.shapes[body.exit] if isinstance(body, Scope) else None
    if not isinstance(body, Scope) or before is None or after is None or len(before) != 3 or len(after) != 3:
        return
    nodes = list(body.nodes())
    strides = [max(round(n / m), 1) for n, m in zip(before[1:], after[1:], strict=True)]
    goals = [before, (after[0], *(-(-n // stride) for n, stride in zip(before[1:], strides, strict=True)))]
    for goal in dict.fromkeys(goals):
        if goal != after:
            yield from ending_in(fault, nodes, body.exit, goal, fault.span)


def _is_at(fault: Fault, scope: Scope) -> bool:
    """Whether the error is told at the body of this residual, or at the rows of this bracket block."""
    item = fault.known.items.get(scope.span[1:]) if scope.span.file == fault.source.name else None
    if isinstance(item, tree.Residual):
        return item.body.span == fault.span
    return isinstance(item, tree.Bracket) and item.span == fault.span


def _shortcut(fault: Fault, item: object) -> Iterator[Candidate]:
    """`shortcut=projection`, where the residual says otherwise, or the default before it."""
    if isinstance(item, tree.Residual):
        for argument in item.arguments:
            if argument.name is not None and argument.name.text == "shortcut":
                span = argument.value.span
                title = f"`shortcut=projection` instead of `{fault.text(argument.span)}`"
                yield Candidate(title, (fault.edit(span.start, span.end, "projection"),), rank=0)
                return
        start = item.span.start + len("residual")
        if not item.arguments and fault.text(item.span)[len("residual") :].lstrip().startswith("{"):
            yield Candidate(
                "`residual(shortcut=projection)`", (fault.edit(start, start, "(shortcut=projection)"),), rank=0
            )
    for each in fault.known.written:
        if isinstance(each, tree.Default) and each.operator.text.lower() == "residual":
            for argument in each.arguments:
                if argument.name is not None and argument.name.text == "shortcut" and not holds(each.span, fault.span):
                    span = argument.value.span
                    title = f"`default residual(shortcut=projection)` instead of `{fault.text(argument.span)}`"
                    yield Candidate(title, (fault.edit(span.start, span.end, "projection"),), rank=2)
