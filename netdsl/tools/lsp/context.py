"""What is being typed at an offset, read from the tokens before it: the tree has no place for half a statement.

The lexer of the language makes the tokens, of the last `FAR` characters at most and without a parser, which would give
up at the first mistake. Around the cursor lie the brackets that are still open, each with the statement, the row or the
arguments that have been written in it so far; what can stand next follows from these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from netdsl.syntax.lex import END, KEYWORDS, Lexer, Token
from netdsl.syntax.scan import STRING, Scan
from netdsl.tools.lsp.document import Document

FAR = 8_000
"""So far back an open bracket is looked for."""

Kind: TypeAlias = Literal[
    "nothing", "statement", "argument", "value", "label", "claim", "quantity", "variant", "file", "number",
    "expression", "operator", "figure", "output"
]  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What can stand at a place.

    - `kind`: statement, argument (of `head`), value (of the argument `argument` of `head`), and so on.
    - `start`: where the word that is being typed begins; `word` is that word.
    - `head`: the operator, block or statement whose parentheses are open; for `variant` the file that is extended.
    - `argument`: the name before `=`, once there is one; for `quantity` the label before the dot, for `figure` what is
      claimed. The `head` of a `quantity` is its statement: `expect`, `reported` or `property`.
    - For `output`, `head` is the label before the dot.
    - `given`: the names of arguments that are there already; `position`: how many arguments stand before this one.
    """

    kind: Kind
    start: int
    word: str = ""
    head: str = ""
    argument: str = ""
    given: tuple[str, ...] = ()
    position: int = 0


@dataclass
class _Level:
    """An open bracket (empty outside of all), whether it stands right behind a word or sign, and the arguments of what
    has been written in it since the last separator."""

    bracket: str = ""
    adjoins: bool = False
    arguments: list[list[Token]] = field(default_factory=lambda: [[]])

    @property
    def statement(self) -> list[Token]:
        return [token for argument in self.arguments for token in argument]


def context(document: Document, offset: int) -> Context:
    """What can stand at an offset."""
    text = document.text
    begin = text.find("\n", offset - FAR, offset) + 1 if offset > FAR else 0
    begin = begin or max(0, offset - FAR)
    tokens, commented = _tokens(text[begin:offset])
    if commented:
        return Context("nothing", offset)
    last = tokens[-1] if tokens else None
    if last is not None and last.kind == "STRING" and re.fullmatch(STRING, last.text + "."):  # it is still open
        statement = _levels(tokens[:-1])[-1].statement
        asks = len(statement) == 1 and statement[0].text.lower() in ("use", "extends")
        return Context("file", begin + last.start + 1, last.text[1:]) if asks else Context("nothing", offset)
    typed = last is not None and last.kind == "NAME" and begin + last.end == offset
    word = tokens.pop().text if typed else ""
    return _Place(text, offset, begin, word, tokens).context()


def _tokens(text: str) -> tuple[list[Token], bool]:
    """The tokens of a text, and whether it ends in a comment."""
    tokens: list[Token] = []
    lexer = Lexer(Scan(text))
    while (kind := lexer.next(())) != END:
        tokens.append(Token(kind, lexer.value, lexer.start, lexer.end))
        lexer.take(kind)
    return tokens, lexer.value.startswith("#")


def _levels(tokens: list[Token]) -> list[_Level]:
    """The brackets that are open behind the tokens, the innermost last."""
    levels = [_Level()]
    before: Token | None = None
    for token in tokens:
        level = levels[-1]
        if token.text in ("(", "[", "{"):
            touches = before is not None and (before.end == token.start or before.kind == "_ARROW")
            adjoins = before is not None and touches and _computes(before)
            levels.append(_Level(token.text, adjoins))
        elif token.text in (")", "]", "}"):
            if len(levels) > 1:
                levels.pop()
                levels[-1].arguments[-1].append(token)
        elif token.text == "," and level.bracket in ("(", "["):
            level.arguments.append([])
        elif level.bracket != "(" and (token.kind == "_SEP" or token.text == "|"):
            level.arguments = [[]]
        elif token.kind != "_SEP":
            level.arguments[-1].append(token)
        before = token
    return levels


def _computes(before: Token) -> bool:
    """Whether a brace right behind a token holds an expression: `conv3-{n}`, `x{n}`, `stage{i}:`, `-> {n}`."""
    if before.kind == "NAME":
        return before.text.lower() not in KEYWORDS
    return before.kind in ("NUMBER", "DIMS", "MINUS", "SLASH", "_ARROW")


@dataclass(frozen=True)
class _Place:
    """A cursor behind the `word` that is being typed, and the tokens before that; these count from `begin`."""

    text: str
    offset: int
    begin: int
    word: str
    tokens: list[Token]

    def context(self) -> Context:
        levels = _levels(self.tokens)
        level = levels[-1]
        statement = level.statement
        last = statement[-1] if statement else None
        if last is not None and last.text == "@":
            return self._typed("label")
        found = self._claimed(statement) or self._extended(statement) or self._expected(statement)
        found = found or self._condition(levels)
        if found is not None:
            return found
        if last is not None and last.text == ".":
            return self._dotted(statement)
        if [token.text.lower() for token in statement] == ["default"]:
            return self._typed("operator")
        if level.bracket == "(":
            return self._argument(level, _head(levels[-2].statement))
        if last is not None and last.text in ("-", "/") and self.begin + last.end == self.start:
            return self._typed("number")
        if level.bracket == "[":
            if levels[-2].bracket == "(":  # a list as the value of an argument
                listed = self._argument(levels[-2], _head(levels[-3].statement))
                return replace(listed, kind="expression" if level.arguments[-1] or not listed.argument else "value")
            return self._argument(level, "conv") if len(level.arguments) > 2 else self._typed("number")
        if level.bracket == "{" and level.adjoins:
            return self._typed("expression")
        words = {token.text.lower() for token in statement}
        if words & {"input", "if"} or ("=" in words and words & {"param", "reported"}):
            return self._typed("expression")
        if last is None or last.text in (":", "}"):
            return self._typed("statement")
        return self._typed("nothing")

    @property
    def start(self) -> int:
        return self.offset - len(self.word)

    def _typed(self, kind: Kind, head: str = "") -> Context:
        return Context(kind, self.start, self.word, head)

    def _dotted(self, statement: list[Token]) -> Context:
        """Behind `@label.`: an output."""
        signs = [index for index, token in enumerate(statement) if token.text == "@"]
        if not signs or not 1 < len(statement) - signs[-1] - 1 < 5:
            return self._typed("nothing")
        label = statement[signs[-1] + 1]
        return self._typed("output", label.text)

    def _behind(self, token: Token) -> str:
        """What has been typed behind a token."""
        return self.text[self.begin + token.end : self.offset].lstrip()

    def _claimed(self, statement: list[Token]) -> Context | None:
        """Behind `->`: the beginning of a shape."""
        for arrow in statement[-2:]:
            if arrow.kind == "_ARROW" and re.fullmatch(r"[0-9x]*", said := self._behind(arrow)):
                return Context("claim", self.offset - len(said))
        return None

    def _extended(self, statement: list[Token]) -> Context | None:
        """Behind `extends "FILE"`, before its parentheses: `variant`, or the name of one."""
        if len(statement) < 2 or statement[0].text.lower() != "extends" or statement[1].kind != "STRING":
            return None
        if len(statement) == 2:
            return self._typed("expression", "extends")
        name = self._behind(statement[2])
        if statement[2].text.lower() != "variant" or not re.fullmatch(r"[\w.-]*", name):
            return None
        return Context("variant", self.offset - len(name), name, statement[1].text.strip('"'))

    def _expected(self, statement: list[Token]) -> Context | None:
        """Behind `expect` and `reported`: what is claimed; behind `expect ... =` its figure."""
        word = statement[0].text.lower() if statement else ""
        if word not in ("expect", "reported"):
            return None
        what, equals, figure = self._behind(statement[0]).partition("=")
        if not equals and re.fullmatch(r"[\w.]*", what):
            label, _, name = what.rpartition(".")
            return Context("quantity", self.offset - len(name), name, word, label)
        if word == "expect" and equals and re.fullmatch(r"\w*", figure.lstrip()):
            figure = figure.lstrip()
            return Context("figure", self.offset - len(figure), figure, argument=what.rstrip())
        return None

    def _condition(self, levels: list[_Level]) -> Context | None:
        """In the condition of a `property`, also in parentheses: a figure, or, behind a label and a dot, one of it."""
        words = [token.text.lower() for token in levels[0].statement]
        if words[:1] != ["property"] or words[1:2] == [":"] or any(each.bracket != "(" for each in levels[1:]):
            return None
        typed = re.search(r"(?:([A-Za-z_]\w*(?:\.\w+)*)\.)?([A-Za-z_]\w*)?\Z", self.text[self.begin : self.offset])
        assert typed is not None
        before = self.text[self.begin : self.begin + typed.start()].rstrip()
        name, operand = typed[2] or "", before[-8:].lower() != "property" and re.search(r"[\w)]$", before)
        kind: Kind = "nothing" if "for" in words or operand else "quantity"
        return Context(kind, self.offset - len(name), name, "property", typed[1] or "")

    def _argument(self, level: _Level, head: str) -> Context:
        """An argument of `head`, behind those that are there already."""
        if head == "reuse":
            return self._typed("label")
        *before, now = level.arguments
        given = tuple(each[0].text for each in before if _named(each))
        kind: Kind = "expression" if now else "argument"
        if _named(now):
            kind = "expression" if now[2:] else "value"
        return Context(kind, self.start, self.word, head, now[0].text if _named(now) else "", given, len(before))


def _named(argument: list[Token]) -> bool:
    """Whether an argument begins with its name."""
    return len(argument) > 1 and argument[0].kind == "NAME" and argument[1].text == "="


def _head(statement: list[Token]) -> str:
    """What the parentheses behind an unfinished statement belong to: an operator, a block, or a keyword."""
    words = [token.text for token in statement]
    if words[1:2] == [":"]:
        del words[:2]
    if words and words[0].lower() in ("aux", "block", "extends"):
        return words[0].lower()
    if words and words[-1].lower().startswith("pool"):  # `max pool`, `avg-pool3`
        return " ".join(word for word in words[-3:] if word.isidentifier())
    while len(words) > 1 and (words[-2] in ("-", "/") or words[-1] == "}"):  # the notation: kernel, channels, stride
        del words[-2 if words[-2] in ("-", "/") else -1 :]
    return words[-1] if words and words[-1].isidentifier() else ""
