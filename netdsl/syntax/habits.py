"""Mistakes of people who think in another notation, told in the words of this one.

A paper's table cell (`3x3 conv, 64, stride 2`), an argument behind a blank, a shape in parentheses: each is a pattern
over the text of the statement in which the parser stumbled, with the rule that it breaks and with what to write in its
place. A pattern is asked only when there is a mistake already, so it never makes one. What takes more than a pattern is
in `wordings`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from netdsl.syntax.lex import JOINS, KEYWORDS
from netdsl.syntax.wordings import WORDINGS, Answer, short


class Habit(NamedTuple):
    """A pattern for the whole of a statement; `written` is what netdsl writes for it (a template of `Match.expand`)."""

    pattern: re.Pattern[str]
    message: str
    written: str
    certain: bool = True


def _habit(pattern: str, message: str, written: str, certain: bool = True) -> Habit:
    return Habit(re.compile(pattern, re.I), message, written, certain)


_K = r"(?P<k>\d+(?:[x×]\d+)?)"
_STRIDE = r"(?:\s*,?\s*(?:stride\s*=?|/)\s*(?P<s>\d+))?"
_SHAPE = r"(?P<shape>\d+[x×]\d+[x×]\d+)"
_BEGINS = "a layer begins with its operator"
_NOTATION = "kernel, `-` and output channels, `/` and stride stand right behind the operator"
_ARGUMENTS = "arguments stand in parentheses"
HABITS = (
    # a cell of a paper's table
    _habit(rf"{_K}\s*conv[a-z]*[\s,-]*(?P<c>\d+){_STRIDE}", _BEGINS, r"conv\g<k>-\g<c>/\g<s>"),
    _habit(rf"{_K}\s*,\s*(?P<c>\d+){_STRIDE}", _BEGINS, r"conv\g<k>-\g<c>/\g<s>"),
    _habit(rf"{_K}\s*(?P<w>max|avg|average)[\s-]*pool(?:ing)?{_STRIDE}", _BEGINS, r"\g<w>pool\g<k>/\g<s>", False),
    _habit(r"(?P<c>\d+)(?:-d)?\s*(?:fc|fully[ -]connected|linear|dense)", _BEGINS, r"fc-\g<c>"),
    _habit(
        r"(?P<n>\d+)\s*[x×*]\s*(?P<item>[a-z\[{].*)",
        "the number of repetitions stands behind the layer",
        r"\g<item> x\g<n>",
    ),
    # the notation, with other signs in it
    _habit(
        rf"(?P<op>(?:dw|up)?conv)\s*{_K}(?:\s*[,^]\s*|\s+)(?P<c>\d+){_STRIDE}", _NOTATION, r"\g<op>\g<k>-\g<c>/\g<s>"
    ),
    _habit(r"conv\s+(?P<c>\d\d+)", "a convolution needs its kernel, right behind its name", r"conv3-\g<c>", False),
    _habit(rf"(?P<w>max|avg|average)[\s-]*pool(?:ing)?\s+{_K}{_STRIDE}", _NOTATION, r"\g<w>pool\g<k>/\g<s>", False),
    _habit(r"(?P<op>[a-z]+)\s*\((?P<k>\d+(?:x\d+)?)\)-(?P<c>\d+)", _NOTATION, r"\g<op>\g<k>-\g<c>"),
    _habit(r"(?P<op>[a-z]+)(?P<k>\d+)\*(?P<w>\d+)-(?P<c>\d+)", _NOTATION, r"\g<op>\g<k>x\g<w>-\g<c>"),
    _habit(r"(?P<item>[a-z][\w-]*)\s*,\s*stride\s*=?\s*(?P<s>\d+)", _NOTATION, r"\g<item>/\g<s>"),
    _habit(r"(?P<item>[a-z][\w-]*)\s*\(\s*stride\s*(?P<s>\d+)\s*\)", _NOTATION, r"\g<item>/\g<s>"),
    _habit(r"(?P<item>fc|linear|dense)\s+(?P<n>\d+)", _NOTATION, r"\g<item>-\g<n>"),
    _habit(r"depthwise\s+conv(?P<rest>\S*)", "a depthwise convolution is one word", r"dwconv\g<rest>", False),
    _habit(
        r"if\s+(?P<a>[^={}<>!]+?)\s*=\s*(?P<b>[^={}]+?)\s*(?P<body>\{.*)?",
        "a test for equality is written `==`",
        r"if \g<a> == \g<b> \g<body>",
    ),
    # arguments
    _habit(r"(?P<item>[a-z]\w*)\s+(?P<n>\d*\.\d+|\d+%)", _ARGUMENTS, r"\g<item>(\g<n>)"),
    _habit(r"(?P<item>[a-z][\w-]*(?:/\d+)?)\s+(?P<args>[a-z_]\w*\s*=\s*[^=;]+)", _ARGUMENTS, r"\g<item>(\g<args>)"),
    _habit(
        r"(?P<item>[a-z][\w-]*(?:/\d+)?)\s+(?P<name>pad|padding|dilation|groups)\s+(?P<value>\w+)",
        _ARGUMENTS,
        r"\g<item>(\g<name>=\g<value>)",
    ),
    _habit(r"(?P<item>[a-z][\w-]*)\s*\[(?P<args>[a-z_]\w*\s*=\s*[^\[\]]*)\]", _ARGUMENTS, r"\g<item>(\g<args>)"),
    # bodies
    _habit(
        r"residual(?:\s*\((?P<a>[^()=]+)\)|\s+(?P<b>[a-z][^{}]*))",
        "the layers of a residual stand in braces",
        r"residual { \g<a>\g<b> }",
    ),
    _habit(
        rf"(?P<join>{'|'.join(JOINS)})(?:\s+@?|\s*\(\s*@?)(?P<label>(?!x\d|pool)[a-z_]\w*)\s*\)?",
        "branches stand in braces, with `|` between them, and a label behind `@`",
        r"\g<join> { @\g<label> | identity }",
        False,
    ),
    _habit(
        r"if\s+(?P<test>[^{}:]+?)\s*:\s*(?P<body>.+)",
        "the layers of an `if` stand in braces",
        r"if \g<test> { \g<body> }",
    ),
    _habit(
        r"block\s+(?P<head>\w+\s*(?:\([^()]*\))?)\s*:?",
        "the layers of a block stand in braces",
        r"block \g<head> { ... }",
        False,
    ),
    _habit(
        r"aux\s+(?P<head>\w+\s*(?:\([^()]*\))?)\s*:?",
        "the layers of an aux head stand in braces",
        r"aux \g<head> { gap; fc-1000 }",
        False,
    ),
    # shapes
    _habit(rf"(?P<a>[a-z][\w-]*)\s+{_SHAPE}", "the shape stands behind `->`", r"\g<a> -> \g<shape>"),
    _habit(r"(?P<a>.+?)\s*=>\s*(?P<shape>\d+(?:[x×]\d+)*)", "the shape stands behind `->`", r"\g<a> -> \g<shape>"),
    _habit(
        r"(?P<a>.+?)\s*->\s*[(\[]\s*(?P<c>\d+)\s*,\s*(?P<h>\d+)\s*,\s*(?P<w>\d+)\s*[)\]]",
        "a shape is joined by `x`",
        r"\g<a> -> \g<c>x\g<h>x\g<w>",
    ),
    # what other languages have
    _habit(
        r"(?P<a>[a-z_][\w/-]*)\s*\+\s*(?P<b>[a-z_][\w/-]*)",
        "`+` joins no layers; values that have a label are added by `add { @x | @y }`",
        r"add { @\g<a> | @\g<b> }",
        False,
    ),
    _habit(
        r"\[-?\d+\s*,\s*-?\d+\s*,\s*(?P<op>\w+).*",
        "a layer is written by its name, one on each line",
        "conv3-64/2",
        False,
    ),
)
_LABEL = re.compile(r"(?:[A-Za-z_]\w*\s*:\s*)?")
_OWN = frozenset(KEYWORDS) - {"if", "block", "aux", "residual", "train", *JOINS}


def answer(text: str) -> Answer | None:
    """What to say of a statement, if it is written in a notation that people bring along."""
    label = _LABEL.match(text)
    begin = label.end() if label else 0
    for habit in HABITS:
        match = habit.pattern.fullmatch(text, begin)
        if match is None or match[0].split(None, 1)[0].lower() in _OWN:
            continue
        written = match.expand(habit.written).rstrip("/ ")
        if habit.message is _BEGINS:
            written = written.lower()
        return Answer(habit.message, f"write `{short(written)}`", begin, len(text), written if habit.certain else None)
    return next((found for wording in WORDINGS if (found := wording(text, begin))), None)
