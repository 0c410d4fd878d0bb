"""Text to tokens, one at a time, as the parser asks for them.

What a word is depends on where it stands: `x2` is a repetition behind an item and a name elsewhere, `net` is a keyword
where a statement begins and a name elsewhere, `VGG-19` is one name behind `net`. So `next` is given the terminals that
the parser knows to come here; it may know too many (it has one lookahead for all places that are alike), never too few.
"""

from __future__ import annotations

import re
from collections.abc import Container

import lark

from netdsl.syntax.scan import CLOSES, SPACE, STRING, Scan
from netdsl.text.source import Span

END = "$END"

_TOKEN = re.compile(
    rf"[{SPACE}]*(?:"
    r"(?P<NAME>[A-Za-z_][A-Za-z0-9_]*(?:(?<=[0-9])×(?:[0-9]+|(?=\{)))*)"
    r"|(?P<NUMBER>\.?[0-9](?:[eE][+-](?=[0-9])|[A-Za-z0-9_.×])*(?:%(?![A-Za-z0-9_(.]))?)"
    rf"|(?P<SEP>(?:(?:\#[^\n]*)?\n[{SPACE}]*)+|;)"
    r"|(?P<SIGN>->|//|\*\*|[=!<>]=|[-+*/%<>=(){}\[\],:@.|×])"
    rf"|(?P<STRING>{STRING})"
    r"|(?P<END>(?:\#[^\n]*)?\Z)"
    r"|(?P<BAD>.))"
)
_SIGNS = {
    "->": "_ARROW", "//": "TIMES", "**": "POWER", "*": "TIMES", "%": "TIMES", "/": "SLASH", "-": "MINUS", "+": "PLUS",
    "=": "_EQUAL", ",": "_COMMA", ":": "_COLON", "@": "_AT", "|": "_BAR", ".": "_DOT", "×": "BAD",
    "(": "_LPAR", ")": "_RPAR", "[": "_LSQB", "]": "_RSQB", "{": "_LBRACE", "}": "_RBRACE",
    "==": "COMPARE", "!=": "COMPARE", "<": "COMPARE", "<=": "COMPARE", ">": "COMPARE", ">=": "COMPARE",
}  # fmt: skip
_PLAIN = (
    "net", "source", "input", "param", "default", "use", "extends", "block", "table", "expect", "reported", "property",
    "train", "aux", "output", "reuse", "residual", "if", "else", "and", "or", "not", "true", "false", "none",
)  # fmt: skip
KEYWORDS = {word: word.upper() for word in _PLAIN}
JOINS = ("concat", "add", "mul", "max", "mean", "matmul")
STATEMENTS = (*_PLAIN[: _PLAIN.index("else")], *JOINS)
"""The keywords that can begin a statement."""
KEYWORDS |= dict.fromkeys(JOINS, "JOIN") | {
    "as": "_AS",
    "variant": "_VARIANT",
    "of": "_OF",
    "takes": "_TAKES",
    "for": "_FOR",
    "in": "_IN",
}
_INSIDE = ("_OF", "_TAKES", "_FOR", "_IN")  # the keywords that no statement begins with, and that can name what does
_LABEL = re.compile(rf"[{SPACE}]*(?:\{{[^{{}}\n]*\}}[{SPACE}]*(?:[A-Za-z0-9_]+[{SPACE}]*)?)?:")
_SIZES = frozenset(("_RBRACE", "NUMBER", "DIMS"))
_MORE_SIZES = re.compile(rf"(?=([{SPACE}]*)[{{0-9])")
_JOINS_SIZES = re.compile(r"[x×][0-9{]")
_REPEAT = re.compile(rf"[x×][{SPACE}]*(?:[0-9]+(?![A-Za-z0-9_.])|\{{)")
_ALIAS = re.compile(
    rf"(?:(?:max|avg|average)(?:[{SPACE}]*-[{SPACE}]*|[{SPACE}]+)pool(?:ing)?(?:[0-9]+(?:[x×][0-9]+)*)?|soft-max)(?![A-Za-z0-9_])",
    re.I,
)
_ALIASES = frozenset(("max", "avg", "average", "soft"))
_ELSE = re.compile(r"else(?![A-Za-z0-9_])", re.I)
_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)(?![A-Za-z0-9_.])")
_DIMS = re.compile(r"[0-9]+(?:[x×][0-9]+)+")
NET_NAME = "[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*"
_NET_NAME = re.compile(rf"[{SPACE}]*({NET_NAME})")
_ALONE = re.compile(rf"[{SPACE}]*(?:as(?![A-Za-z0-9_])|\{{)", re.I)
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.[0-9]\w*(?:\.\w+)*?\.[A-Za-z_]\w*(?![\w.])", re.A)
"""Names joined by dots of which one is a number, as modules are called: `layer2.0.channels`."""
_TABLE = re.compile(
    rf"table[{SPACE}]*(?:\#[^\n]*)?\n(?:[{SPACE}]*(?:\#[^\n]*)?\n)*[{SPACE}]*\|[^\n]*"
    rf"(?:\n[{SPACE}]*\|(?=[^\n-]*-)[{SPACE}:|-]*(?=\n|\Z))?", re.I
)  # fmt: skip
_LAST_BAR = re.compile(rf"[{SPACE}]*(?:\#[^\n]*)?(?:\n|\Z)")


class Token(lark.Token):
    """A token with its place. Of what Lark's own tokens have only `type` and `value` are set, which is all that it asks
    of them: making tokens is a good part of the work.
    """

    __slots__ = ("span",)
    span: Span

    def __new__(cls, kind: str, text: str, start: int, end: int, file: str = "") -> Token:
        token = str.__new__(cls, text)
        token.type = kind
        token.value = text
        token.span = Span(file, start, end)
        return token

    @property
    def kind(self) -> str:
        """The name of the terminal."""
        return self.type

    @property
    def text(self) -> str:
        """What is written, as a plain string."""
        return str(self)

    @property
    def start(self) -> int:
        """Where it starts."""
        return self.span.start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.span.end


class Lexer:
    """The tokens of a text. After `next` the token lies at `start` to `end` with the text `value`; `take` moves behind
    it. `kind` is the token before, which ends at `behind`; `brackets` are those that are open. Where their number is
    `row`, a row of a residual block stands in them that has its comma, so that a newline ends it.
    """

    def __init__(self, scan: Scan):
        self.text = scan.text
        self.ends = scan.ends
        self.brackets: list[str] = []
        self.row = 0
        self.table = False
        self.at = self.start = self.end = self.behind = 0
        self.value = ""
        self.kind = ""
        self.ended = 0  # how many of `ends` are used up
        self.stop = scan.ends[0][0] if scan.ends else len(scan.text) + 1
        self.mended = False

    def next(self, row: Container[str]) -> str:
        """The kind of the next token, where `row` holds the kinds that the parser knows to come here."""
        text = self.text
        if "NET_NAME" in row and (name := _NET_NAME.match(text, self.at)):
            self.start, self.end = name.span(1)
            self.value = name[1]
            return "NET_NAME"
        while True:
            match = _TOKEN.match(text, self.at)
            assert match
            kind = match.lastgroup
            assert kind
            start, end = self.start, self.end = match.span(kind)
            if start >= self.stop or (kind == "END" and self.ended < len(self.ends)):
                if self._mend():
                    return _SIGNS[self.value]
                continue
            value = self.value = text[start:end]
            if kind == "NAME":
                return self._word(value, row)
            if kind == "SIGN":
                if value == "|" and self.table and not self.brackets:
                    if _LAST_BAR.match(text, end):  # the bar that closes a row
                        self.at = end
                        continue
                elif value == "×":
                    return self._times(row) or "BAD"
                elif value == "." and "_DOT" not in row:
                    return "BAD"
                return _SIGNS[value]
            if kind == "NUMBER":
                if "RANGE" in row and _RANGE.fullmatch(value):
                    return "RANGE"
                if value[-1] in "x×" and (more := _MORE_SIZES.match(text, end)):
                    if more[1]:
                        return "BAD"  # a blank between dimensions
                    self.value = value = value[:-1]  # `3x{n}`: the `x` comes by itself
                    self.end -= 1
                return "NUMBER" if value.isdigit() or not _DIMS.fullmatch(value) else "DIMS"
            if kind == "SEP":
                found = self._separator(value, row)
                if found:
                    return found
                continue
            if kind == "END":
                if self.table:
                    self.end = start
                    return "_TABLE_END"
                return END
            return kind

    def take(self, kind: str) -> None:
        """The parser has taken the token: go on behind it."""
        self.at = self.behind = self.end
        self.kind = kind
        if self.mended:
            self.mended = False
            self._use()
        if kind == "TABLE":
            self.table = True
        elif kind == "_TABLE_END":
            self.table = False

    def _word(self, word: str, row: Container[str]) -> str:
        if "DOTTED" in row and (dotted := _DOTTED.match(self.text, self.start)):
            self.end = dotted.end()
            self.value = dotted[0]
            return "DOTTED"
        if "PATH" in row and self.text.startswith(".", self.end) and (path := _PATH.match(self.text, self.start)):
            self.end = path.end()
            self.value = path[0]
            return "PATH"
        lower = word.lower()
        kind = KEYWORDS.get(lower)
        if lower in _ALIASES and "ALIAS" in row and (alias := _ALIAS.match(self.text, self.start)):
            self.end = alias.end()
            self.value = alias[0]
            return "ALIAS"
        if kind is not None:
            item = "RESIDUAL" in row and kind not in _INSIDE
            if (kind in row or item) and not _LABEL.match(self.text, self.end):
                if kind not in row:  # where an item stands
                    return "BAD_WORD"
                if kind == "TABLE":
                    table = _TABLE.match(self.text, self.start)
                    if self.brackets or self.table or not table:
                        return "BAD_TABLE"
                    self.end = table.end()
                    self.value = table[0]
                return kind
        elif word[0] == "x":
            return self._times(row) or "NAME"
        return "NAME"

    def _times(self, row: Container[str]) -> str | None:
        """What an `x` is that a name could begin with: what joins two dimensions where it touches the one before it,
        else a repetition; None where it is neither.
        """
        text, start = self.text, self.start
        repeat = _REPEAT.match(text, start)
        if repeat is None and not _JOINS_SIZES.match(text, start):
            return None
        label = _LABEL.match(text, self.end) is not None
        if start == self.at and self.kind in _SIZES:
            if "_X" in row and not label:
                self.end, self.value = start + 1, text[start]
                return "_X"
            if "NAME" in row:
                return None
        if repeat is None or "REPEAT" not in row:
            return None
        if "RESIDUAL" in row and (label or not (repeat[0][-1] == "{" or _ALONE.match(text, repeat.end()))):
            return None  # what begins a branch is a repetition only before a body
        self.end, self.value = repeat.end(), repeat[0]
        return "_REPEAT_BRACE" if repeat[0][-1] == "{" else "REPEAT"

    def _separator(self, value: str, row: Container[str]) -> str | None:
        """What a newline or `;` is here; None where it means nothing, and is skipped."""
        text, end = self.text, self.end
        if value != ";":
            brackets = self.brackets
            bar = text.startswith("|", end)
            if not brackets and self.table:
                if not bar:
                    self.end = self.start
                    return "_TABLE_END"
                self.start, self.end = end, end + 1
                return "_ROWBAR"
            if brackets and (
                "(" in brackets
                or (bar and brackets[-1] == "{")
                or (brackets[-1] == "[" and not (len(brackets) == self.row and "_SEP" in row))
            ):
                self.at = end
                return None
            if "ELSE" in row and _ELSE.match(text, end):
                self.at = end
                return None
        if self.kind == "_SEP" or "BROKEN" in row:  # it ends no statement
            self.at = end
            return None
        return "_SEP"

    # Brackets that are never closed ----------------------------------------------------------------------------------

    def _mend(self) -> bool:
        """Whether a bracket is taken to end here; then that is the token."""
        place, closing = self.ends[self.ended]
        if not self.brackets or self.brackets[-1] != CLOSES[closing]:
            self._use()
            return False
        self.start = self.end = max(place, self.at)
        self.value = closing
        self.mended = True
        return True

    def _use(self) -> None:
        self.ended += 1
        self.stop = self.ends[self.ended][0] if self.ended < len(self.ends) else len(self.text) + 1

    def beginning(self, at: int) -> int:
        """Where the statement begins that follows a separator which ends at `at`."""
        match = _BETWEEN.match(self.text, at)
        assert match
        return match.end()

    def skip_rows(self, at: int) -> int:
        """Where the rows of a table end that is none."""
        match = _ROWS.match(self.text, at)
        assert match
        while self.stop < match.end():
            self._use()
        return match.end()

    def skip(self, at: int, depth: int, bar: bool) -> int:
        """Where a broken statement ends: at the separator behind `at`, the bracket that closes the body (or the `|`, if
        `bar`), when `depth` brackets were opened in it before `at`.
        """
        self.mended = False
        for match in _BOUNDARY.finditer(self.text, at):
            sign, place = match[0], match.start()
            while place >= self.stop:
                if not depth:
                    return max(self.stop, at)
                depth -= 1
                self._use()
            if sign in "([{":
                depth += 1
            elif sign in ")]}":
                if not depth:
                    return place
                depth -= 1
            elif not depth and (sign in "\n;" or (sign == "|" and bar)):
                return place
        while self.ended < len(self.ends) and depth:
            depth -= 1
            self._use()
        return len(self.text) if depth or self.ended == len(self.ends) else max(self.stop, at)


_ROWS = re.compile(rf"[^\n]*(?:\n[{SPACE}]*(?:\#[^\n]*)?(?=\n)|\n[{SPACE}]*\|[^\n]*)*")
_BETWEEN = re.compile(rf"(?:[{SPACE};\n]|\#[^\n]*)*")
_BOUNDARY = re.compile(STRING + r"|#[^\n]*|[][(){}|;\n]")
