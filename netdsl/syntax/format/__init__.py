"""A spec's tokens to its canonical layout: text to text, in one pass each way.

`read` makes pieces of the tokens (statements, bodies, lists in brackets, tables), each with the comments that belong to
it; `write` lays the pieces out as lines; `columns` lines up what stands at the ends of adjacent lines. The layout looks
at the author's text for four things only: which statements share a line, which braces are written over several lines,
where blank lines stand, and where comments do. Everything else is the same whoever wrote it, so laying out twice is
laying out once.

Which names stand for the same operator is not known here: a `Spelling` says it.
"""

from __future__ import annotations

from netdsl.syntax import tree
from netdsl.syntax.format.columns import TooLarge, lined_up
from netdsl.syntax.format.expressions import Spelling
from netdsl.syntax.format.read import Reader
from netdsl.syntax.format.tokens import pieces
from netdsl.syntax.format.write import Writer
from netdsl.syntax.lex import Token
from netdsl.syntax.parse import MOST_BYTES

__all__ = ["Spelling", "layout"]


def layout(file: tree.File, tokens: list[Token], spelling: Spelling) -> str:
    """The canonical text of a file without syntax errors, from its tokens as `parse` recorded them.

    A text that padding its tables would make larger than a spec may be is laid out without that; one whose indentation
    alone makes it too large stays as it is.
    """
    body = Reader(pieces(file, tokens), spelling).file()
    for room in (MOST_BYTES, 0):
        writer = Writer(room)
        try:
            return lined_up(writer.file(body), MOST_BYTES)
        except TooLarge:
            if not writer.tables:
                break  # there is nothing that could take less
    return file.source.text
