"""W0305: a block that no layer is made of."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic


class UnusedBlock(Rule):
    code = "W0305"
    why = (
        "A block in the file of a network is there to be called; one that is not is left over, or its call is spelt as "
        "a block of the standard library is."
    )

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        file = subject.file
        if file is None or not subject.readable or not _has_layers(file):
            return  # a file of blocks alone is for others to use
        called = {each.head.text for each in walk(file) if isinstance(each, tree.Operation)}
        for statement in file.statements:
            if isinstance(statement, tree.Block) and statement.name.text not in called:
                yield self.warning(
                    f"nothing calls the block `{statement.name.text}`",
                    statement.name.span,
                    help="call it, or take it away",
                )


def _has_layers(file: tree.File) -> bool:
    return any(isinstance(each, (tree.Layer, tree.Table)) for each in file.statements)
