"""Tokens to pieces: the statements that are layers, and the rows of a residual block."""

from __future__ import annotations

import re

from netdsl.syntax.format.expressions import Expressions
from netdsl.syntax.format.pieces import Braces, Item, Items, Part, Statement, joined

ROWS = frozenset(("_RSQB",))
"""The tokens that end the rows of a residual block."""
BRANCH = frozenset(("_BAR", "_RBRACE"))
"""The tokens that end a branch, or a body in braces."""
REPEATS = ("REPEAT", "_REPEAT_BRACE")
KERNEL = re.compile(r"[0-9]x\Z")


class Layers(Expressions):
    """Reads layers; what stands in their braces is read by `braces`."""

    def braces(self, ends: frozenset[str] = BRANCH) -> Braces:
        """A body in braces with its branches, or the rows of a bracket."""
        raise NotImplementedError

    def layer(self, found: Statement) -> None:
        parts = found.parts
        if self.kind in REPEATS:  # a branch of a join that stands for several
            self.repeat(parts)
            parts += (" ", self.braces())
            return
        self.label(parts)
        self.item(parts)
        if self.kind in REPEATS:
            found.repeat = len(parts)
            parts.append(" ")
            self.repeat(parts)
        if self.kind == "SLASH":
            parts.append(" " + self.take())
            self.value(parts)
        if self.kind == "_ARROW":
            self.take()
            found.claim = self.claim()

    def repeat(self, parts: list[Part]) -> None:
        """`x4`, `x{n} as i`."""
        word = self.take()
        parts.append("x" + word[1:].strip(" \t\r\u00a0{"))
        if word[-1] == "{":
            self.computed(parts, "{")
        if self.kind == "_AS":
            parts.append(f" {self.take().lower()} {self.take()}")

    def claim(self) -> str:
        """The shape behind an arrow, on one line: comments in it wait for the next place."""
        parts: list[Part] = []
        self.value(parts)
        self.waiting += [note for part in parts if isinstance(part, Items) for note in part.bare()]
        return joined(parts) or ""

    def seen(self, parts: list[Part]) -> None:
        """What stands behind `@`: a label as it is written, and perhaps the output of what it labels."""
        parts.append(self.take())
        if self.kind == "MINUS":
            parts.append(self.take())
        if self.kind == "_LBRACE":
            self.computed(parts, self.take())
            if self.kind == "NAME":
                parts.append(self.take())
        if self.kind == "_DOT":
            parts.append(self.take())
            self.seen(parts)

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
            if self.kind in REPEATS:
                parts.append(" ")
                self.repeat(parts)
            parts += (" ", self.braces())
        elif kind == "REUSE":
            parts += (self.take().lower(), self.label_items())
            self.inputs(parts)
        elif kind == "OUTPUT":
            parts.append(self.take().lower() + " ")
            self.seen(parts)
            if self.kind == "_COLON":
                parts.append(self.take() + " ")
                self.item(parts)
        elif kind == "IF":
            self.choice(parts)
        else:
            parts.append(self.take())  # @label
            self.seen(parts)

    def label_items(self) -> Items:
        """A label in parentheses."""
        found = Items(self.take(), ")", commas=False)
        item = Item([])
        found.content += self.notes()
        self.seen(item.parts)
        item.close()
        found.content += (item, *self.notes())
        self.take()
        found.close()
        return found

    def inputs(self, parts: list[Part]) -> None:
        """The branches of a call that has some."""
        if self.kind == "_LBRACE":
            parts += (" ", self.braces())

    def operation(self, parts: list[Part]) -> None:
        """`conv3-64/2(pad=1)`."""
        written = self.take().replace("×", "x")
        split = self.kind == "_LBRACE" and KERNEL.search(written) is not None  # `conv1x{k}`
        known = self.spelling.head(written[:-1] if split else written)
        parts.append(written if known is None else known + "x" * split)
        if self.kind == "_LBRACE":
            self.value(parts)
        for sign in ("MINUS", "SLASH"):
            if self.kind == sign:
                parts.append(self.take())
                self.value(parts)
        if self.kind == "_LPAR":
            parts.append(self.items(followers=known is not None))
            self.inputs(parts)

    def choice(self, parts: list[Part]) -> None:
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
