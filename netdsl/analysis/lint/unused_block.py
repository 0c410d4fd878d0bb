"""W0305: a block that is never called."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings
from netdsl.syntax import tree, walk


class UnusedBlock(Rule):
    code = "W0305"
    why = (
        "A block in the file of a network is there to be called; one that is not is left over, or its call is spelt as "
        "a block of the standard library is."
    )
    of_text = True

    def find(self, subject: Subject) -> Warnings:
        file = subject.file
        if file is None or not any(isinstance(each, (tree.Layer, tree.Table)) for each in file.statements):
            return  # a file of blocks alone is for others to use
        called = {each.head.text for each in walk(file) if isinstance(each, tree.Operation)}
        called |= {each.name for each in walk(file) if isinstance(each, tree.Reference)}  # the value of a param
        for block in file.statements:
            if isinstance(block, tree.Block) and block.name.text not in called:
                name = block.name
                yield self.warning(f"nothing calls the block `{name.text}`", name.span, help="call it, or take it away")
