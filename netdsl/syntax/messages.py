"""A mistake in the words of the person who wrote the spec: what stands there, what could, and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl.syntax.lex import END, KEYWORDS
from netdsl.syntax.slips import SLIPS
from netdsl.text.diagnostics import Edit, Related

if TYPE_CHECKING:
    from netdsl.syntax.parse import _Parser

# What text copied from a PDF or a word processor holds in place of the signs of the language.
_LOOKALIKES = {
    "\u2010": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2192": "->",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": '"', "\u2019": '"', "\u2032": '"', "'": '"',
    "\u2715": "x", "\u2716": "x", "\u2a2f": "x", "\u00b7": "*", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=",
    "\uff0c": ",", "\uff1b": ";", "\uff1a": ":", "\uff08": "(", "\uff09": ")", "\uff1d": "=",
}  # fmt: skip
_AFTER: dict[str, tuple[str, str | None]] = {
    "NET": ("a name must follow `net`", "as in `net VGG-19`"),
    "SOURCE": ("a text in quotation marks must follow `source`", 'as in `source "Simonyan & Zisserman, ICLR 2015"`'),
    "USE": ("a file in quotation marks must follow `use`", 'as in `use "blocks.net"`'),
    "EXTENDS": ("a file in quotation marks must follow `extends`", 'as in `extends "vgg.net" variant D`'),
    "_VARIANT": ("the name of a variant must follow `variant`", 'as in `extends "vgg.net" variant D`'),
    "INPUT": ("a shape must follow `input`", "as in `input 3x224x224`"),
    "PARAM": ("a name must follow `param`", "as in `param classes = 1000`"),
    "DEFAULT": ("an operator must follow `default`", "as in `default conv(act=relu)`"),
    "BLOCK": ("a name must follow `block`", "as in `block head(classes) { gap; fc-classes }`"),
    "EXPECT": ("a quantity must follow `expect`", "as in `expect params = 144M`"),
    "REPORTED": ("a quantity must follow `reported`", "as in `reported top5 = 7.3%`"),
    "TRAIN": ("'(' must follow `train`", "as in `train(batch=256, epochs=90)`"),
    "REUSE": ("the label of layers, in parentheses, must follow `reuse`", "as in `reuse(conv1)`"),
    "AUX": ("a name must follow `aux`", "as in `aux aux1(weight=0.3) { gap; fc-1000 }`"),
    "OUTPUT": ("a name must follow `output`", "as in `output features`; a shape is claimed by `-> 10` behind a layer"),
    "_AT": ("a label must follow '@'", "as in `@conv1`"),
    "JOIN": ("branches in braces must follow", "as in `concat { conv1-64 | conv3-64 }`"),
    "RESIDUAL": ("a body in braces must follow `residual`", "as in `residual { conv3-64 x2 }`"),
    "ELSE": ("a body in braces must follow `else`", None),
    "_AS": ("a name must follow `as`", "as in `x4 as i`"),
    "_ARROW": ("a shape must follow '->'", "as in `-> 64x112x112`; layers follow each other behind `;` or a new line"),
    "_COLON": ("a layer must follow the label", "as in `conv1: conv3-64`; what is no label has no `:` behind it"),
    "MINUS": ("a number of channels or features must follow '-'", "as in `conv3-64` or `fc-1000`"),
    "SLASH": ("a stride must follow '/'", "as in `conv3-64/2`"),
}
_ITEMS = {
    "NAME", "ALIAS", "_AT", "_LSQB", "_LBRACE", "NUMBER", "DIMS", "STRING", "JOIN", "RESIDUAL", "AUX", "REUSE",
    "OUTPUT", "IF", "NET", "SOURCE", "INPUT", "PARAM", "DEFAULT", "USE", "EXTENDS", "BLOCK",
    "TABLE", "EXPECT", "REPORTED", "TRAIN",
}  # fmt: skip
_OPERATORS = {
    "PLUS", "MINUS", "TIMES", "SLASH", "COMPARE", "AND", "OR", "NOT", "_EQUAL", "_COMMA", "_LPAR", "_LSQB", "_LBRACE",
    "_REPEAT_BRACE", "IF", "ELSE",
}  # fmt: skip
_WORDS = {
    "_RPAR": "')'", "_RSQB": "']'", "_RBRACE": "'}'", "_COMMA": "','", "_COLON": "':'", "_EQUAL": "'='", "_LPAR": "'('",
    "_LBRACE": "'{'", "NAME": "a name", "STRING": "a text in quotation marks",
}  # fmt: skip
_LAYER = "a layer is written like `conv3-64/2(pad=1) x2 -> 64x28x28`; the next one stands behind `;` or on its own line"

_OPENERS = {
    "(": "layers stand in braces, `{ conv3-64; relu } x3`, a residual block in brackets, `[1x1, 64; 3x3, 64]`",
    "=": "a value is written `param classes = 1000`",
}


class Problem:
    """A token that cannot stand where it stands. It is made when the token is met, and told once its statement is
    known.
    """

    def __init__(self, parser: _Parser, kind: str):
        lexer = parser.lexer
        self.report = parser.report
        self.source = parser.source
        self.text = text = parser.source.text
        self.kind = kind
        self.value = text[lexer.start : lexer.end]
        self.last = lexer.kind
        self.behind = parser.ends[-1] if parser.ends else 0
        self.brackets = list(lexer.brackets)
        self.table = lexer.table
        self.barred = parser.barred
        self.opened = _innermost(parser)
        # A `}` that closes nothing comes of one before it that has closed too much.
        self.surplus = any(at > lexer.start and text[at] == "}" for at in parser.mistakes)
        ended = kind in (END, "_TABLE_END", "_ROWBAR") or (kind == "_SEP" and "\n" in self.value)
        self.start, self.end = (self.behind, self.behind) if ended else (lexer.start, lexer.end)
        states = list(parser.states)
        self.accepts: Callable[[str], bool] = lambda symbol: parser._accepts(list(states), symbol)
        if kind == END:
            self.found = "the end of the text"
        elif ended:
            self.found = "the end of the line"
        else:
            self.found = f"'{self.value if len(self.value) <= 40 else self.value[:37] + '...'}'"

    def tell(self) -> None:
        """Report it."""
        if any(slip(self) for slip in SLIPS):
            return
        for explain in (
            self._character,
            self._word,
            self._table,
            self._bar,
            self._separator,
            self._after,
            self._claim,
            self._value,
            self._brackets,
        ):
            if explain():
                return
        if self.kind == "ELSE" and self.surplus:
            return
        if self.kind == "ELSE":
            self.say("E0101", "this `else` has no `if` before it", "as in `if deep { conv3-64 x4 } else { conv3-64 }`")
            return
        wanted = [words for kind, words in _WORDS.items() if self.accepts(kind)]
        if self.accepts("_SEP") and not self.brackets and not self.accepts("BROKEN"):
            self.say(
                "E0101", f"unexpected {self.found} behind a whole statement", _LAYER if self.accepts("_LPAR") else None
            )
        elif self.accepts("BROKEN"):
            self.say("E0101", f"{self.found} cannot begin a statement", _OPENERS.get(self.value))
        elif wanted and len(wanted) <= 3:
            self.say("E0101", f"{' or '.join(wanted)} is expected here, not {self.found}")
        else:
            self.say("E0101", f"unexpected {self.found}")

    def say(
        self,
        code: str,
        message: str,
        help: str | None = None,
        edits: tuple[Edit, ...] = (),
        related: tuple[Related, ...] = (),
    ) -> bool:
        self.report.error(
            code, message, self.source.span(self.start, self.end), help=help, edits=edits, related=related
        )
        return True

    def _character(self) -> bool:
        if self.kind != "BAD":
            return False
        if self.value == "×":
            return self.say("E0101", "'×' stands between two numbers, as in `3×3`, or before a number of repetitions")
        meant = _LOOKALIKES.get(self.value)
        edits = (Edit(self.source.span(self.start, self.end), meant),) if meant else ()
        shown = f"'{self.value}'" if self.value.isprintable() else f"U+{ord(self.value):04X}"
        return self.say("E0103", f"unknown character {shown}", f"write `{meant}`" if meant else None, edits)

    def _word(self) -> bool:
        if self.kind != "BAD_WORD":
            return False
        word = self.value.lower()
        if self.last == "_COLON":
            return self.say("E0101", f"`{word}` cannot follow a label", "a label names layers")
        if word == "else":
            return self.surplus or self.say("E0101", "this `else` has no `if` before it")
        return self.say("E0101", f"`{word}` is a keyword and cannot begin a statement")

    def _table(self) -> bool:
        if self.kind != "BAD_TABLE":
            return False
        if self.brackets or self.table:
            return self.say("E0101", "a table cannot stand inside another statement")
        return self.say(
            "E0101", "the columns of the table must follow `table`", "on the next line, as in `| 18-layer | 34-layer |`"
        )

    def _bar(self) -> bool:
        if self.kind != "_BAR":
            return False
        if self.last in _OPERATORS or self.last == "_ARROW":
            return False
        if self.brackets and self.brackets[-1] == "{":
            if self.opened in self.barred:
                return True  # once for each brace
            self.barred.add(self.opened)
            return self.say(
                "E0101",
                "'|' stands between the branches of concat, add and mul only",
                "put `;` between the layers of a group",
            )
        if self.table:
            return False
        line = self.text[self.text.rfind("\n", 0, self.start) + 1 : self.start]
        if line.strip():
            return self.say("E0101", "'|' stands between branches, or cells of a table", "put `;` between layers")
        return self.say(
            "E0101", "a row of a table stands outside a table", "put `table` on the line before its first row"
        )

    def _separator(self) -> bool:
        """Two statements with nothing in between, where the first is whole."""
        if self.kind not in _ITEMS or not self.accepts("_SEP") or (self.brackets and self.brackets[-1] != "{"):
            return False
        start = max(self.text.rfind(sign, 0, self.behind) for sign in "\n;|{") + 1
        before = self.text[start : self.behind].strip()
        here = self.source.span(self.behind, self.behind)
        word = self.value.lower()
        if self.kind == "NUMBER" and self.last == "NAME" and self.text[start : self.start].strip() == before:
            if word == self.value and re.fullmatch(r"[A-Za-z]+", before):
                help = f"write `{before}-{self.value}` for channels or features, `{before}{self.value}` for a kernel, "
                help += f"`{before}({self.value})` for an argument"
                return self.say("E0101", f"unexpected {self.found} behind '{before}'", help)
            return self.say("E0101", f"unexpected {self.found} behind '{before[-40:]}'")
        if word in ("x", "×") or re.fullmatch(r"x[0-9]+", word):
            if self.last in ("REPEAT", "_RBRACE") and word != "x":
                return self.say(
                    "E0101",
                    "a statement is repeated once only",
                    "multiply the two, or put the layers in braces: `{ ... } x4`",
                )
            return self.say("E0101", "a number of repetitions must follow 'x'", "as in `conv3-64 x2` or `x{n}`")
        if self.kind in ("NUMBER", "DIMS", "STRING"):
            return False
        rest = re.match(r"[^\n;|{}#]*", self.text[self.start :])
        second = (rest[0].strip() if rest else self.value)[:40]
        return self.say(
            "E0108",
            f"a new statement begins at '{self.value[:40]}' without a separator",
            f"put `;` between them: `{before[-40:]}; {second}`",
            (Edit(here, ";"),),
        )

    def _after(self) -> bool:
        """What must follow a keyword or a sign."""
        last = self.last
        known = _AFTER.get(last)
        if last in ("MINUS", "SLASH", "_COLON", "ELSE") and self.accepts("STRING"):
            return False  # in an expression
        if known is None:
            return False
        message, help = known
        if last in KEYWORDS.values() and self.kind in ("_EQUAL", "_LPAR", "_LBRACE", "MINUS", "SLASH", "_COLON"):
            word = self.text[: self.behind].rsplit(None, 1)[-1][-20:]
            if last not in ("TRAIN", "REUSE", "RESIDUAL", "JOIN", "IF"):
                help = f"{help}; `{word}` is a keyword and cannot name a layer here" if help else None
        edits: tuple[Edit, ...] = ()
        if last in ("SOURCE", "USE", "EXTENDS") and self.kind in ("NAME", "NUMBER"):
            end = re.compile(r"[^\s;#]*" if last != "SOURCE" else r"[^\n;#]*").match(self.text, self.start)
            assert end
            name = end[0].rstrip()
            if '"' not in name:
                edits = (Edit(self.source.span(self.start, self.start + len(name)), f'"{name}"'),)
                help = f'write `{last.lower()} "{name[:60]}"`'
        return self.say("E0101", f"{message}, not {self.found}", help, edits)

    def _claim(self) -> bool:
        if not self.accepts("_EQUAL") or self.last not in ("DOTTED", "NAME") or self.accepts("_RPAR"):
            return False
        name = self.text[: self.behind].rsplit(None, 1)[-1][-40:]
        help = f"write `{name} = ...`"
        edits: tuple[Edit, ...] = ()
        if self.value in ("==", ":") or self.kind == "COMPARE":
            edits = (Edit(self.source.span(self.start, self.end), "="),)
            help = "write `=`"
        elif self.kind in ("NUMBER", "DIMS"):
            edits = (Edit(self.source.span(self.behind, self.start), " = "),)
            help = f"write `{name} = {self.value[:40]}`"
        return self.say("E0101", f"'=' must stand before {self.found}", help, edits)

    def _value(self) -> bool:
        """A value is missing."""
        if (
            self.last not in _OPERATORS
            or not (self.accepts("NUMBER") or self.accepts("NAME"))
            or self.accepts("BROKEN")
        ):
            return False
        return self.say("E0101", f"a value must stand here, not {self.found}", related=self._opened())

    def _brackets(self) -> bool:
        """Inside parentheses and bracket blocks."""
        if not self.brackets:
            return False
        bracket = self.brackets[-1]
        if bracket == "(" and self.accepts("_RPAR"):
            return self.say("E0101", f"',' or ')' is expected here, not {self.found}", related=self._opened())
        if bracket == "[":
            if self.accepts("_COMMA") and not self.accepts("_RSQB"):
                return self.say(
                    "E0101",
                    f"',' must stand between the kernel and the channels of a row, not {self.found}",
                    "as in `[3x3, 64; 3x3, 64]`",
                )
            if self.accepts("_RSQB"):
                between = "';'" if self.accepts("_SEP") else "','"
                return self.say("E0101", f"{between} or ']' is expected here, not {self.found}", related=self._opened())
        return False

    def _opened(self) -> tuple[Related, ...]:
        """The bracket that is open here, where it stands on another line."""
        if not self.brackets or self.brackets[-1] == "{":
            return ()
        at = self.text.rfind(self.brackets[-1], 0, self.start)
        return (Related(self.source.span(at, at + 1), "opened here"),) if "\n" in self.text[at : self.start] else ()


def _innermost(parser: _Parser) -> int:
    """Where the innermost brace begins that is open, or -1; on the stack lie pairs too that are not yet a node."""
    closed = 0
    for start, value in zip(reversed(parser.starts), reversed(parser.values), strict=True):
        if value == "}":
            closed += 1
        elif value == "{" and closed:
            closed -= 1
        elif value == "{":
            return start
    return -1
