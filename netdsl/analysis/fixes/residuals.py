"""A residual whose shortcut and body differ in shape: another shortcut, or a body that keeps the shape."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault, holds
from netdsl.analysis.fixes._whatif import ending_in
from netdsl.analysis.lookup import argument
from netdsl.ir import Scope
from netdsl.syntax import tree

CODES = ("E0302",)


def propose(fault: Fault) -> Iterator[Candidate]:
    network = fault.network
    scope = next((each for each in fault.scopes if each.kind == "residual" and _is_at(fault, each)), None)
    if scope is None or network is None:
        return
    yield from _shortcut(fault, fault.trees.items.get(scope.span))
    body = scope.children[0] if scope.children else None
    before = network.shapes[scope.entry]
    after = network.shapes[body.exit] if isinstance(body, Scope) else None
    if not isinstance(body, Scope) or before is None or after is None or len(before) != 3 or len(after) != 3:
        return
    strides = [max(round(n / m), 1) for n, m in zip(before[1:], after[1:], strict=True)]
    goals = [before, (after[0], *(-(-n // stride) for n, stride in zip(before[1:], strides, strict=True)))]
    for goal in dict.fromkeys(goals):
        if goal != after:
            yield from ending_in(fault, list(body.nodes()), body.exit, goal, fault.span)


def _is_at(fault: Fault, scope: Scope) -> bool:
    """Whether the error is reported at the body of this residual, or at this bracket block."""
    item = fault.trees.items.get(scope.span)
    if isinstance(item, tree.Residual):
        return item.body.span == fault.span
    return isinstance(item, tree.Bracket) and item.span == fault.span


def _shortcut(fault: Fault, item: object) -> Iterator[Candidate]:
    """`shortcut=projection`, in the residual or in the default that gives it its shortcut."""
    if isinstance(item, tree.Residual):
        given = argument(item, "shortcut")
        if given is not None:
            title = f"`shortcut=projection` instead of `{fault.text(given.span)}`"
            yield fault.replace(title, given.value.span, "projection", rank=0)
            return
        head = item.span.start + len("residual")
        if not item.arguments and fault.source.text[head : item.span.end].lstrip().startswith("{"):
            yield fault.insert("`residual(shortcut=projection)`", head, "(shortcut=projection)", rank=0)
    for default in fault.trees.defaults.get("residual", ()):
        given = argument(default, "shortcut")
        if given is not None and not holds(default.span, fault.span):
            title = f"`default residual(shortcut=projection)` instead of `{fault.text(given.span)}`"
            yield fault.replace(title, given.value.span, "projection", rank=2)
