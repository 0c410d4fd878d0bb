"""All nodes of a tree, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def walk(node: Any) -> Iterator[Any]:
    """`node` and every node below it, the outer before the inner, otherwise by place."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(sorted(children(node), key=lambda child: child.span.start, reverse=True))


def children(node: Any) -> list[Any]:
    """The nodes right below one, in no order."""
    below: list[Any] = []
    for name in node.__slots__:
        value = getattr(node, name)
        if type(value) is tuple:
            below.extend(value)
        else:
            below.append(value)
    return [child for child in below if hasattr(child, "__slots__") and hasattr(child, "span")]
