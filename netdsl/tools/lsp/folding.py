"""What can be folded: blocks, groups, joins, calls with inputs, tables, long recipes, and comments of several lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from netdsl.syntax import tree, walk
from netdsl.tools.lsp.document import Document

_FOLDED = (tree.Block, tree.Group, tree.Join, tree.Residual, tree.Aux, tree.If, tree.Bracket, tree.Table, tree.Train)


class Fold(NamedTuple):
    """Lines from 0, the first and the last, of one part that can be folded."""

    first: int
    last: int
    kind: Literal["region", "comment"]


def folds(document: Document) -> list[Fold]:
    """All parts over several lines, in order; of those that begin in one line only the longest."""
    longest: dict[int, Fold] = {}
    for fold in (*_parts(document), *_comments(document)):
        known = longest.get(fold.first)
        if known is None or known.last < fold.last:
            longest[fold.first] = fold
    return sorted(longest.values())


def _parts(document: Document) -> Iterator[Fold]:
    position = document.source.position
    for node in walk(document.file):
        if isinstance(node, _FOLDED) or (isinstance(node, (tree.Operation, tree.Reuse)) and node.branches):
            first, last = position(node.span.start).line, position(node.span.end).line
            last -= document.source.line(last).lstrip()[:1] in (")", "]", "}")  # a bracket alone stays in sight
            if last > first:
                yield Fold(first - 1, last - 1, "region")


def _comments(document: Document) -> Iterator[Fold]:
    """Comments in lines of their own, one below the other."""
    begun = before = -2
    for comment in document.file.comments:
        line = document.source.position(comment.span.start).line
        if not document.source.line(line).lstrip().startswith("#"):
            continue
        if line != before + 1:
            if before > begun >= 0:
                yield Fold(begun - 1, before - 1, "comment")
            begun = line
        before = line
    if before > begun >= 0:
        yield Fold(begun - 1, before - 1, "comment")
