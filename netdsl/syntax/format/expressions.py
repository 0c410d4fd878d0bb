"""Tokens to pieces: expressions, and the lists in brackets of which statements are made."""

from __future__ import annotations

from typing import Protocol

from netdsl.syntax.format.pieces import Item, Items, Note, Part
from netdsl.syntax.format.tokens import Piece

CLOSES = {"(": ")", "[": "]", "{": "}"}
_BINARY = {"PLUS", "MINUS", "TIMES", "POWER", "SLASH", "COMPARE", "AND", "OR", "IF", "ELSE"}
_UNARY = {"PLUS", "MINUS", "NOT"}
_CONSTANTS = {"TRUE", "FALSE", "NONE"}
_FOLLOWERS = ("norm", "act")


class Spelling(Protocol):
    """The canonical names of operators."""

    def head(self, written: str) -> str | None:
        """The name at the head of a layer, kernel and all; None where it is no operator (but a block, say)."""

    def operator(self, written: str) -> str:
        """An operator's name behind `default`."""

    def value(self, written: str) -> str:
        """The name of a norm or an activation as an argument's value."""


class Expressions:
    """Reads tokens from the first to the last. `waiting` are comments that have no place yet."""

    def __init__(self, tokens: list[Piece], spelling: Spelling):
        self.tokens = tokens
        self.spelling = spelling
        self.at = 0
        self.waiting: list[Note] = []

    @property
    def token(self) -> Piece:
        return self.tokens[self.at]

    @property
    def kind(self) -> str:
        """The kind of the next token, if the statement goes on with it."""
        token = self.tokens[self.at]
        return "" if token.separated else token.kind

    def take(self) -> str:
        """The text of the next token, which is used up."""
        token = self.tokens[self.at]
        self.at += 1
        self.waiting += token.notes
        return token.text

    def notes(self) -> list[Note]:
        """The comments that wait, and those before the next token."""
        found = [*self.waiting, *self.token.notes]
        self.waiting.clear()
        self.token.notes = ()
        return found

    # Expressions -----------------------------------------------------------------------------------------------------

    def value(self, parts: list[Part]) -> None:
        """A name, or sizes joined by `x`: numbers, and expressions in braces."""
        while True:
            word = self.take()
            if word == "{":
                self.computed(parts, word)
            else:
                parts.append(word.replace("×", "x"))
            if self.kind != "_X":
                return
            self.take()
            parts.append("x")

    def computed(self, parts: list[Part], opening: str) -> None:
        """The rest of an expression in braces."""
        parts.append(opening)
        self.expression(parts)
        parts.append(self.take())

    def expression(self, parts: list[Part], *, follower: bool = False) -> None:
        """Up to what does not belong to it. An operator of two values stands between blanks, a sign before its value
        without.
        """
        whole = False
        while True:
            kind = self.kind
            if not whole and kind in _UNARY:
                parts.append(self.take().lower() + " " * (kind == "NOT"))
            elif not whole:
                self.atom(parts, kind, follower)
                whole, follower = True, False
            elif kind in _BINARY:
                parts.append(f" {self.take().lower()} ")
                whole = False
            elif kind in ("_LPAR", "_LSQB"):
                parts.append(self.items(commas=kind == "_LPAR"))
            elif kind == "_DOT":
                parts += (self.take(), self.take())
            elif kind == "_X":
                self.take()
                parts.append("x")
                self.value(parts)
            else:
                return

    def atom(self, parts: list[Part], kind: str, follower: bool) -> None:
        if kind in ("_LPAR", "_LSQB"):
            parts.append(self.items(commas=kind == "_LSQB"))
        elif kind == "_LBRACE":
            self.computed(parts, self.take())
        elif kind == "DIMS":
            parts.append(self.take().replace("×", "x"))
        elif kind in _CONSTANTS:
            parts.append(self.take().lower())
        else:
            word = self.take()
            parts.append(self.spelling.value(word) if follower and kind == "NAME" else word)

    # Lists -----------------------------------------------------------------------------------------------------------

    def items(self, *, commas: bool = True, followers: bool = False) -> Items:
        """A list in brackets; among the arguments of an operator (`followers`) norms and activations are spelled."""
        opening = self.take()
        found = Items(opening, CLOSES[opening], commas)
        while True:
            found.content += self.notes()
            if self.kind == "_COMMA":
                self.take()
            elif self.token.text == found.closing:
                self.take()
                found.close()
                return found
            else:
                item = Item([])
                self.argument(item.parts, followers=followers)
                item.close()
                found.content.append(item)

    def argument(self, parts: list[Part], *, followers: bool) -> None:
        """`value`, or `name=value`."""
        follower = False
        if self.kind == "NAME" and self.tokens[self.at + 1].kind == "_EQUAL":
            name = self.take()
            parts += (name, self.take())
            follower = followers and name.lower() in _FOLLOWERS
        if self.kind == "_AT":
            parts.append(self.take())
            self.seen(parts)
        else:
            self.expression(parts, follower=follower)

    def seen(self, parts: list[Part]) -> None:
        """What stands behind `@`."""
        raise NotImplementedError

    def optional_items(self, parts: list[Part], before: str = "", *, followers: bool = False) -> None:
        """A list where there is one that is not empty."""
        if self.kind == "_LPAR":
            items = self.items(followers=followers)
            if items.content:
                parts += (before, items)
