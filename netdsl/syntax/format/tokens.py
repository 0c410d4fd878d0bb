"""Tokens with what stands before each: comments, line ends, blank lines.

The parser throws this away as it goes. Here every comment is given to the token behind it, and is known to be on a line
of its own, or behind something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netdsl.syntax import tree
from netdsl.syntax.format.pieces import Note
from netdsl.syntax.lex import END, Token
from netdsl.syntax.scan import SPACE

_BLANK = re.compile(rf"\n[{SPACE}]*\n")


class Piece:
    """A token. `separated` says that a separator (a line end that counts, or `;`) stands before it, `newline` that any
    line end does, `blank` that a blank line does, behind the last of the `notes` before it. `inside` are the comments
    in the token itself: the first lines of a table are one.
    """

    __slots__ = ("blank", "end", "inside", "kind", "newline", "notes", "separated", "start", "text")

    def __init__(self, token: Token, separated: bool):
        self.kind, self.text = token.kind, token.text
        self.start, self.end = token.start, token.end
        self.separated = separated
        self.newline = self.blank = False
        self.notes: Sequence[Note] = ()
        self.inside: Sequence[tree.Comment] = ()


def pieces(file: tree.File, tokens: list[Token]) -> list[Piece]:
    """The tokens of a file without its separators, and one of the kind `$END` behind them."""
    text = file.source.text
    comments = file.comments
    found: list[Piece] = []
    separated = False
    at = end = 0
    for token in (*tokens, Token(END, "", len(text), len(text))):
        if token.kind == "_SEP":
            separated = True
            continue
        piece = Piece(token, separated)
        separated = False
        if piece.start == end and found:
            found.append(piece)
            end = piece.end
            continue
        notes: list[Note] = []
        while at < len(comments) and comments[at].span.start < piece.start:
            comment = comments[at]
            before = text[end : comment.span.start]
            piece.newline |= "\n" in before
            notes.append(note(text, comment, own=piece.newline or not found, before=before))
            end = comment.span.end
            at += 1
        behind = text[end : piece.start]
        piece.notes = notes or ()
        piece.newline |= "\n" in behind
        piece.blank = behind.count("\n") > 1 and _BLANK.search(behind) is not None
        found.append(piece)
        end = piece.end
        first = at
        while at < len(comments) and comments[at].span.start < end:
            at += 1
        if at > first:
            piece.inside = comments[first:at]
    return found


def note(text: str, comment: tree.Comment, *, own: bool, before: str) -> Note:
    """A comment as a note; `before` is what stands between it and what is in front of it."""
    start = comment.span.start
    column = start - (text.rfind("\n", 0, start) + 1)
    return Note(comment.text, own, _BLANK.search(before) is not None, column)
