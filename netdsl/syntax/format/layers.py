"""Tokens to pieces: the statements that are layers, and the rows of a residual block."""

from __future__ import annotations

from netdsl.syntax.format.expressions import Expressions
from netdsl.syntax.format.pieces import Braces, Part, Statement

ROWS = frozenset(("_RSQB",))
"""The tokens that end the rows of a residual block."""
BRANCH = frozenset(("_BAR", "_RBRACE"))
"""The tokens that end a branch, or a body in braces."""


class Layers(Expressions):
    """Reads layers; what stands in their braces is read by `braces`."""

    def braces(self, ends: frozenset[str] = BRANCH) -> Braces:
        """A body in braces with its branches, or the rows of a bracket."""
        raise NotImplementedError

    def layer(self, found: Statement) -> None:
        parts = found.parts
        self.label(parts)
        self.item(parts)
        if self.kind in ("REPEAT", "_REPEAT_BRACE"):
            found.repeat = len(parts)
            word = self.take()
            if word[-1] == "{":
                parts.append(" x")
                self.computed(parts, "{")
            else:
                parts.append(" x" + word[1:].strip())
            if self.kind == "_AS":
                parts.append(f" {self.take().lower()} {self.take()}")
        if self.kind == "SLASH":
            parts.append(" " + self.take())
            self.value(parts)
        if self.kind == "_ARROW":
            self.take()
            found.claim = self.take().replace("×", "x")

    def label(self, parts: list[Part]) -> None:
        """`name: `, also with an expression in the name; nothing where there is none."""
        if not self.labelled():
            return
        while self.kind != "_COLON":
            if self.kind == "_LBRACE":
                self.computed(parts, self.take())
            else:
                parts.append(self.take())
        parts.append(self.take() + " ")

    def labelled(self) -> bool:
        """Whether a label stands here."""
        tokens, at = self.tokens, self.at
        if tokens[at].kind != "NAME":
            return False
        at += 1
        if tokens[at].kind == "_COLON":
            return True
        at += tokens[at].kind == "MINUS"
        if tokens[at].kind != "_LBRACE" or tokens[at].separated:
            return False
        depth = 1
        while depth:
            at += 1
            depth += (tokens[at].kind == "_LBRACE") - (tokens[at].kind == "_RBRACE")
        at += 2 if tokens[at + 1].kind == "NAME" and not tokens[at + 1].separated else 1
        return tokens[at].kind == "_COLON"

    def item(self, parts: list[Part]) -> None:
        kind = self.kind
        if kind in ("NAME", "ALIAS"):
            self.operation(parts)
        elif kind == "_LSQB":
            parts.append(self.braces(ROWS))
        elif kind == "_LBRACE":
            parts.append(self.braces())
        elif kind == "AUX":
            parts.append(f"{self.take().lower()} {self.take()}")
            self.optional_items(parts)
            parts += (" ", self.braces())
        elif kind in ("JOIN", "RESIDUAL"):
            parts.append(self.take().lower())
            self.optional_items(parts, followers=True)
            parts += (" ", self.braces())
        elif kind == "REUSE":
            parts += (self.take().lower(), self.items(commas=False))
        elif kind == "OUTPUT":
            parts.append(f"{self.take().lower()} {self.take()}")
        elif kind == "IF":
            self.branch(parts)
        else:
            parts.append(self.take() + self.take())  # @name

    def operation(self, parts: list[Part]) -> None:
        """`conv3-64/2(pad=1)`."""
        written = self.take().replace("×", "x")
        known = self.spelling.head(written)
        parts.append(written if known is None else known)
        if self.kind == "_LBRACE":
            self.computed(parts, self.take())
        for sign in ("MINUS", "SLASH"):
            if self.kind == sign:
                parts.append(self.take())
                self.value(parts)
        if self.kind == "_LPAR":
            parts.append(self.items(followers=known is not None))

    def branch(self, parts: list[Part]) -> None:
        """`if ... { } else if ... { } else { }`."""
        while True:
            parts.append(self.take().lower() + " ")
            self.expression(parts)
            parts += (" ", self.braces())
            if self.kind != "ELSE":
                return
            parts.append(f" {self.take().lower()} ")
            if self.kind != "IF":
                parts.append(self.braces())
                return

    def bracket_row(self) -> Statement:
        """`3x3, 64 /2, groups=32`."""
        found = Statement([])
        parts = found.parts
        self.value(parts)
        parts.append(self.take() + " ")
        self.value(parts)
        if self.kind == "SLASH":
            parts.append(" " + self.take())
            self.value(parts)
        while self.kind == "_COMMA":
            parts.append(self.take() + " ")
            self.argument(parts, followers=True)
        found.close()
        return found
