"""Where the cursor stands in the tree: the nodes around an offset, from the file down to the innermost."""

from __future__ import annotations

from typing import Any, TypeVar

from netdsl.syntax import tree
from netdsl.syntax.walk import children

Kind = TypeVar("Kind")


def path(file: tree.File, offset: int) -> list[Any]:
    """The nodes whose text holds the offset, outermost first. Just behind a node counts where nothing else begins."""
    found: list[Any] = [file]
    while True:
        inside: Any = None
        touching: Any = None
        for child in children(found[-1]):
            if isinstance(child, tree.Comment):
                continue
            if child.span.start <= offset < child.span.end:
                inside = child
            elif child.span.end == offset:
                touching = child
        if inside is None and touching is None:
            return found
        found.append(touching if inside is None else inside)


def nearest(around: list[Any], kind: type[Kind]) -> Kind | None:
    """The innermost node of a kind on a path."""
    return next((node for node in reversed(around) if isinstance(node, kind)), None)


def headed(file: tree.File, offset: int) -> tree.Operation | None:
    """The operation whose head, the word that it begins with, an offset lies in."""
    found = nearest(path(file, offset), tree.Operation)
    return found if found is not None and found.head.span.start <= offset <= found.head.span.end else None
