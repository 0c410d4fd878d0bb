"""A spec in its canonical layout, with the papers' aliases in their canonical spelling.

The layout comes from `netdsl.syntax`, which knows no operator; their names are added here. A name is respelled only
where it certainly means the operator: not if a block of the file, a param, or a block that `use` may bring in has it.
"""

from __future__ import annotations

from functools import cached_property

from netdsl import ops
from netdsl.collection import put_off
from netdsl.syntax import parse, tree
from netdsl.syntax.format import layout
from netdsl.syntax.lex import KEYWORDS, Token
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source


@put_off()
def formatted(source: Source) -> str | None:
    """The canonical text of a spec, or None where it has a syntax error.

    Unknown names and shapes that do not fit do not matter. The result has the same statements, and the same comments in
    the same order; formatting it again does not change it.
    """
    tokens: list[Token] = []
    report = Report()
    file = parse(source, report, tokens)
    return None if report.errors else layout(file, tokens, _Names(file, tokens))


class _Names:
    """How the names of one file are spelled."""

    def __init__(self, file: tree.File, tokens: list[Token]):
        self.file = file
        self.tokens = tokens
        self.known: dict[str, str | None] = {}
        self.blocks = {each.name.text for each in file.statements if isinstance(each, tree.Block)}
        self.uses = any(isinstance(each, tree.Use) for each in file.statements)

    @cached_property
    def values(self) -> set[str]:
        """The names of params, parameters and indices anywhere in the file."""
        blocks = [each for each in self.file.statements if isinstance(each, tree.Block)]
        found = {parameter.name.text for block in blocks for parameter in block.parameters}
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if before.kind in ("PARAM", "_AS"):
                found.add(token.text)
        return found

    def head(self, written: str) -> str | None:
        """The operator at the head of a layer, kernel and all; None for a block or what is unknown."""
        if written not in self.known:
            self.known[written] = self._head(written)
        return self.known[written]

    def _head(self, written: str) -> str | None:
        if written in self.blocks:
            return None
        resolved = ops.resolve(written)
        if resolved is None or resolved[0] in KEYWORDS:
            return None  # `Concatenate { ... }` is no `concat`, though it should have been
        if self.uses and written.isidentifier() and not written.lower().startswith(resolved[0]):
            return written  # a block that comes with `use` may have this name
        return _spelled(resolved)

    def operator(self, written: str) -> str:
        """An operator behind `default`."""
        resolved = ops.resolve(written)
        if resolved is None:
            return written.lower() if written.lower() == "residual" else written
        return _spelled(resolved)

    def value(self, written: str) -> str:
        """A norm or an activation."""
        resolved = None if written in self.values else ops.resolve(written)
        return written if resolved is None else _spelled(resolved)


def _spelled(resolved: tuple[str, str | None]) -> str:
    return resolved[0] + (resolved[1] or "")
