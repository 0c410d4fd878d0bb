"""A mistake in the words of the person who wrote the spec: what stands there, what could, and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl import foreign
from netdsl.syntax.lex import KEYWORDS
from netdsl.syntax.signs import EXPRESSIONS
from netdsl.syntax.sizes import SIZES
from netdsl.syntax.slips import LINES, SIGNS
from netdsl.syntax.structure import STRUCTURE
from netdsl.syntax.unexpected import TOLD, Unexpected
from netdsl.text.diagnostics import Diagnostic, Edit, Related

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
    "PROPERTY": ("a condition must follow `property`", "as in `property output.height == input.height / 32`"),
    "_FOR": ("the name of a param must follow `for`", "as in `property params < 30M for classes in 2..1000`"),
    "_IN": ("a range must follow `in`", "as in `property params < 30M for classes in 2..1000`"),
    "TRAIN": ("'(' must follow `train`", "as in `train(batch=256, epochs=90)`"),
    "REUSE": ("the label of layers, in parentheses, must follow `reuse`", "as in `reuse(conv1)`"),
    "AUX": ("a name must follow `aux`", "as in `aux aux1(weight=0.3) { gap; fc-1000 }`"),
    "OUTPUT": ("a name must follow `output`", "as in `output features`; a shape is claimed by `-> 10` behind a layer"),
    "_AT": ("a label must follow '@'", "as in `@conv1`"),
    "JOIN": ("branches in braces must follow", "as in `concat { conv1-64 | conv3-64 }`"),
    "RESIDUAL": ("a body in braces must follow `residual`", "as in `residual { conv3-64 x2 }`"),
    "ELSE": ("a body in braces must follow `else`", None),
    "_AS": ("a name must follow `as`", "as in `x4 as i`"),
    "_TAKES": ("the names of inputs must follow `takes`", "as in `block fuse(c) takes high, low { ... }`"),
    "_ARROW": ("a shape must follow '->'", "as in `-> 64x112x112`; layers follow each other behind `;` or a new line"),
    "_COLON": ("a layer must follow the label", "as in `conv1: conv3-64`; what is no label has no `:` behind it"),
    "MINUS": ("a number of channels or features must follow '-'", "as in `conv3-64` or `fc-1000`"),
    "SLASH": ("a stride must follow '/'", "as in `conv3-64/2`"),
}
_ITEMS = {
    "NAME", "ALIAS", "_AT", "_LSQB", "_LBRACE", "NUMBER", "DIMS", "STRING", "JOIN", "RESIDUAL", "AUX", "REUSE",
    "OUTPUT", "IF", "NET", "SOURCE", "INPUT", "PARAM", "DEFAULT", "USE", "EXTENDS", "BLOCK",
    "TABLE", "EXPECT", "REPORTED", "PROPERTY", "TRAIN",
}  # fmt: skip
_OPERATORS = {
    "PLUS", "MINUS", "TIMES", "POWER", "SLASH", "COMPARE", "AND", "OR", "NOT", "_EQUAL", "_COMMA", "_LPAR", "_LSQB",
    "_LBRACE", "_REPEAT_BRACE", "IF", "ELSE",
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
STRAY_BAR = "'|' stands between the branches of a join or a call only"


def explain(found: Unexpected) -> Diagnostic | None:
    """The message about a token that cannot stand where it stands; None where nothing is to be said."""
    answer = next(
        answer for ask in (*LINES, *STRUCTURE, *SIZES, *EXPRESSIONS, *SIGNS, *_QUESTIONS) if (answer := ask(found))
    )
    return None if answer is TOLD else answer


def _character(found: Unexpected) -> Diagnostic | None:
    """No sign of the language."""
    if found.kind != "BAD":
        return None
    if found.value == "×":
        return found.error("'×' stands between two numbers, as in `3×3`, or before a number of repetitions")
    if found.value == "^":
        return found.error("unknown character '^'", "a power is written `**`, as in `conv3-{2 ** n}`", code="E0103")
    meant = _LOOKALIKES.get(found.value)
    edits = (Edit(found.span(), meant),) if meant else ()
    shown = f"'{found.value}'" if found.value.isprintable() else f"U+{ord(found.value):04X}"
    return found.error(f"unknown character {shown}", f"write `{meant}`" if meant else None, *edits, code="E0103")


def _word(found: Unexpected) -> Diagnostic | None:
    """A keyword where an item stands."""
    if found.kind != "BAD_WORD":
        return None
    word = found.value.lower()
    if found.last == "_COLON":
        return found.error(f"`{word}` cannot follow a label", "a label names layers")
    if word == "else":
        return TOLD if found.surplus else found.error("this `else` has no `if` before it")
    return found.error(f"`{word}` is a keyword and cannot begin a statement")


def _table(found: Unexpected) -> Diagnostic | None:
    """`table` where there can be none."""
    if found.kind != "BAD_TABLE":
        return None
    if found.brackets or found.table:
        return found.error("a table cannot stand inside another statement")
    help = "on the next line, as in `| 18-layer | 34-layer |`"
    return found.error("the columns of the table must follow `table`", help)


def _bar(found: Unexpected) -> Diagnostic | None:
    """A `|` that separates nothing."""
    if found.kind != "_BAR" or found.last in _OPERATORS or found.last == "_ARROW":
        return None
    if found.bracket == "{":
        return found.error(STRAY_BAR, "put `;` between the layers of a group")
    if found.table:
        return None
    line = found.text[found.text.rfind("\n", 0, found.start) + 1 : found.start]
    if line.strip():
        return found.error("'|' stands between branches, or cells of a table", "put `;` between layers")
    return found.error("a row of a table stands outside a table", "put `table` on the line before its first row")


def _separator(found: Unexpected) -> Diagnostic | None:
    """Two statements with nothing in between, where the first is whole."""
    if found.kind not in _ITEMS or "_SEP" not in found.expected or found.bracket in ("(", "["):
        return None
    text = found.text
    start = max(text.rfind(sign, 0, found.behind) for sign in "\n;|{") + 1
    before = text[start : found.behind].strip()
    word = found.value.lower()
    if found.kind == "NAME" and word in foreign.STATEMENTS:
        return found.error(f"`{found.value}` is no word of the language", foreign.STATEMENTS[word])
    if found.kind == "NUMBER" and found.last == "NAME" and text[start : found.start].strip() == before:
        if word == found.value and re.fullmatch(r"[A-Za-z]+", before):
            help = f"write `{before}-{word}` for channels or features, `{before}{word}` for a kernel, "
            help += f"`{before}({word})` for an argument"
            return found.error(f"unexpected {found.found} behind '{before}'", help)
        return found.error(f"unexpected {found.found} behind '{before[-40:]}'")
    if word in ("x", "×") or re.fullmatch(r"x[0-9]+", word):
        if found.last in ("REPEAT", "_RBRACE") and word != "x":
            help = "multiply the two, or put the layers in braces: `{ ... } x4`"
            return found.error("a statement is repeated once only", help)
        return found.error("a number of repetitions must follow 'x'", "as in `conv3-64 x2` or `x{n}`")
    if found.kind in ("NUMBER", "DIMS", "STRING"):
        return None
    rest = re.match(r"[^\n;|{}#]*", text[found.start :])
    second = (rest[0].strip() if rest else "")[:40] or f"{found.value} ... }}"
    return found.error(
        f"a new statement begins at '{found.value[:40]}' without a separator",
        f"put `;` between them: `{before[-40:]}; {second}`",
        Edit(found.span(found.behind, found.behind), ";"),
        code="E0108",
    )


def _after(found: Unexpected) -> Diagnostic | None:
    """What must follow a keyword or a sign."""
    last = found.last
    if last not in _AFTER:
        return None
    if last in ("MINUS", "SLASH", "_COLON", "ELSE") and "STRING" in found.expected:
        return None  # in an expression
    message, help = _AFTER[last]
    if last in KEYWORDS.values() and found.kind in ("_EQUAL", "_LPAR", "_LBRACE", "MINUS", "SLASH", "_COLON"):
        word = found.text[: found.behind].rsplit(None, 1)[-1][-20:]
        if last not in ("TRAIN", "REUSE", "RESIDUAL", "JOIN", "IF"):
            help = f"{help}; `{word}` is a keyword and cannot name a layer here" if help else None
    edits: tuple[Edit, ...] = ()
    if last in ("SOURCE", "USE", "EXTENDS") and found.kind in ("NAME", "NUMBER"):
        end = re.compile(r"[^\s;#]*" if last != "SOURCE" else r"[^\n;#]*").match(found.text, found.start)
        assert end
        name = end[0].rstrip()
        if '"' not in name:
            edits = (Edit(found.span(end=found.start + len(name)), f'"{name}"'),)
            help = f'write `{last.lower()} "{name[:60]}"`'
    return found.error(f"{message}, not {found.found}", help, *edits)


def _claim(found: Unexpected) -> Diagnostic | None:
    """`expect params 144M`."""
    if "_EQUAL" not in found.expected or found.last not in ("DOTTED", "NAME") or "_RPAR" in found.expected:
        return None
    name = found.text[: found.behind].rsplit(None, 1)[-1][-40:]
    message = f"'=' must stand before {found.found}"
    if found.value in ("==", ":") or found.kind == "COMPARE":
        return found.error(message, "write `=`", Edit(found.span(), "="))
    if found.kind in ("NUMBER", "DIMS"):
        edit = Edit(found.span(found.behind, found.start), " = ")
        return found.error(message, f"write `{name} = {found.value[:40]}`", edit)
    return found.error(message, f"write `{name} = ...`")


def _value(found: Unexpected) -> Diagnostic | None:
    """A value is missing."""
    if found.last not in _OPERATORS or not found.expected & {"NUMBER", "NAME"} or "BROKEN" in found.expected:
        return None
    return found.error(f"a value must stand here, not {found.found}", related=_opened(found))


def _brackets(found: Unexpected) -> Diagnostic | None:
    """Inside parentheses and bracket blocks."""
    closes = "_RPAR" in found.expected, "_RSQB" in found.expected
    if found.bracket == "(" and closes[0]:
        return found.error(f"',' or ')' is expected here, not {found.found}", related=_opened(found))
    if found.bracket == "[" and closes[1]:
        between = "';'" if "_SEP" in found.expected else "','"
        return found.error(f"{between} or ']' is expected here, not {found.found}", related=_opened(found))
    if found.bracket == "[" and "_COMMA" in found.expected:
        message = f"',' must stand between the kernel and the channels of a row, not {found.found}"
        return found.error(message, "as in `[3x3, 64; 3x3, 64]`")
    return None


def _else(found: Unexpected) -> Diagnostic | None:
    """`else` behind no `if`."""
    if found.kind != "ELSE":
        return None
    help = "as in `if deep { conv3-64 x4 } else { conv3-64 }`"
    return TOLD if found.surplus else found.error("this `else` has no `if` before it", help)


def _anything(found: Unexpected) -> Diagnostic:
    """What is left to say of any token."""
    wanted = [words for kind, words in _WORDS.items() if kind in found.expected]
    if "BROKEN" in found.expected:
        return found.error(f"{found.found} cannot begin a statement", _OPENERS.get(found.value))
    if "_SEP" in found.expected and not found.brackets:
        help = _LAYER if "_LPAR" in found.expected else None
        return found.error(f"unexpected {found.found} behind a whole statement", help)
    if 0 < len(wanted) <= 3:
        return found.error(f"{' or '.join(wanted)} is expected here, not {found.found}")
    return found.error(f"unexpected {found.found}")


def _opened(found: Unexpected) -> tuple[Related, ...]:
    """The bracket that is open here, where it stands on another line."""
    if found.bracket in ("", "{"):
        return ()
    at = found.text.rfind(found.bracket, 0, found.start)
    return (Related(found.span(at, at + 1), "opened here"),) if "\n" in found.text[at : found.start] else ()


_QUESTIONS: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    _character, _word, _table, _bar, _separator, _after, _claim, _value, _brackets, _else, _anything,
)  # fmt: skip
"""The questions, in the order in which they are asked; the last has always an answer."""
