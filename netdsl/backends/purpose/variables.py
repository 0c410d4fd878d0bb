"""What the values of a compiled plan are called in its source: by where the spec makes them, each name as long as it
holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from netdsl.backends.purpose.graph import Graph
from netdsl.backends.torch.names import variable
from netdsl.ir import Node, Scope
from netdsl.ops.slice import Slice


def named(graph: Graph, inputs: dict[int, str], inlined: Collection[int], taken: Iterable[str]) -> dict[int, str]:
    """The variable of each value that is set: `x` along the main line, `branch2` in a branch, `out` in a residual.

    A name is taken again only when nothing needs what it held. Values that are written into the expression that takes
    them (`inlined`) have none.
    """
    taken = set(taken)
    wanted = _wanted(graph)
    names = dict(inputs)
    held = {name: value for value, name in inputs.items()}
    last = _last_uses(graph, inlined)
    for place, step in enumerate(graph.steps):
        if step.value in inlined:
            continue
        base = variable(wanted(step.value), taken)
        name, number = base, 2
        while name in taken or (name in held and last.get(held[name], -1) > place):
            name, number = f"{base}{number}", number + 1
        names[step.value], held[name] = name, step.value
    return names


def _last_uses(graph: Graph, inlined: Collection[int]) -> dict[int, int]:
    """The place of the last statement that takes each value; what is inlined is taken where it is written."""
    place = {step.value: number for number, step in enumerate(graph.steps)}
    last: dict[int, int] = dict.fromkeys(graph.results.values(), len(graph.steps))
    for step in graph.steps:
        at = step
        while at.value in inlined:
            (at,) = graph.users[at.value]
        for value in step.inputs:
            last[value] = max(last.get(value, -1), place[at.value])
    return last


def _wanted(graph: Graph) -> Callable[[int], str]:
    """The name that suits each value; one that a pass has made is called as what it comes from."""
    found: dict[int, str] = {}
    _scan(graph.network.body, "x", found)

    def name(value: int) -> str:
        if value in found:
            return found[value]
        users = graph.users.get(value, ())
        several = len(users) > 1 or (users and isinstance(users[0].op, Slice))
        return "siblings" if several else name(users[0].value)

    return name


def _scan(scope: Scope, name: str, found: dict[int, str]) -> None:
    number = 0
    for child in scope.children:
        if isinstance(child, Node):
            found[child.id] = name
            continue
        inner = name
        if child.kind == "branch":
            number += 1
            inner = "out" if scope.kind == "residual" else f"branch{number}"
        elif child.kind == "shortcut":
            inner = "shortcut"
        _scan(child, inner, found)
