"""Statements in the words of other languages: what takes more than one pattern to answer.

Each function is asked about the text of a statement, in which what is behind its label begins at `begin`; None where it
is about something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from netdsl import foreign
from netdsl.syntax.lex import JOINS


class Answer(NamedTuple):
    """What to say of a statement: the rule, the way out, the stretch of it that is meant, and the text to put there
    where that is certain."""

    message: str
    help: str | None
    start: int
    end: int
    text: str | None = None


_WORD = re.compile(r"[A-Za-z_]\w*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
_INPUT = re.compile(
    r"input\b\s*(?P<equal>[:=]?)\s*[(\[]?\s*(?:shape\s*=\s*)?[(\[]?\s*"
    r"(?P<a>\d+)\s*(?P<sep>[,x×*])\s*(?P<b>\d+)\s*(?:[,x×*])\s*(?P<c>\d+)\s*[)\]]*",
    re.I,
)
_VALUE = re.compile(r"[-+]?\.?\d[\w.%]*|true|false|none|\"[^\"]*\"|\[[^\[\]]*\]", re.I)
_JOIN = re.compile(rf"(?P<join>{'|'.join(JOINS)})\s*[(\[]+(?P<branches>[^()\[\]{{}}|=]+)[)\]]+", re.I)


def short(text: str) -> str:
    """As much of a text as fits into a message."""
    return text if len(text) <= 60 else text[:57] + "..."


def _statement(text: str, begin: int) -> Answer | None:
    """A word that begins statements elsewhere."""
    word = _WORD.match(text)
    if (
        word is None
        or word[0].lower() not in foreign.STATEMENTS
        or text[word.end() : word.end() + 1] in ("-", "/", ":")
    ):
        return None
    return Answer(f"`{word[0]}` begins no statement here", foreign.STATEMENTS[word[0].lower()], 0, word.end())


def _phrase(text: str, begin: int) -> Answer | None:
    """A layer in the words of a paper: `global average pool`."""
    match = re.match(r"([A-Za-z]+(?:[ _-]+[A-Za-z]+)+)\s*(?:\(\))?$", text[begin:])
    if match is None:
        return None
    name = foreign.PHRASES.get(re.sub(r"[ _-]+", " ", match[1].lower()))
    return Answer(f"'{match[1]}' is one word here", f"write `{name}`", begin, len(text), name) if name else None


def _input(text: str, begin: int) -> Answer | None:
    """`input (3, 224, 224)`, `input = 3x224x224`, `input 3 x 224 x 224`."""
    if re.match(r"input\s*=", text, re.I) and not _INPUT.fullmatch(text):
        rest = text.partition("=")[2].strip()
        if re.fullmatch(r"\d+", rest):
            return Answer("a shape stands right behind `input`", f"write `input {rest}`", 0, len(text), f"input {rest}")
    match = _INPUT.fullmatch(text)
    if match is None:
        return None
    a, b, c = match["a"], match["b"], match["c"]
    if c in ("1", "3") and a not in ("1", "3"):
        return Answer(
            "an input is channels x height x width", f"channels come first: write `input {c}x{a}x{b}`", 0, len(text)
        )
    written = f"input {a}x{b}x{c}"
    return Answer("an input is channels x height x width, joined by `x`", f"write `{written}`", 0, len(text), written)


def _net(text: str, begin: int) -> Answer | None:
    """`net My Net`, `net "VGG"`."""
    quoted = re.fullmatch(r"net\s+[\"']([A-Za-z0-9._-]+)[\"']", text, re.I)
    if quoted:
        name = f"net {quoted[1]}"
        return Answer("the name of a net stands without quotation marks", f"write `{name}`", 0, len(text), name)
    open_ = re.fullmatch(r"net\s+([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)/+", text, re.I)
    if open_:
        help = f"write `net {open_[1]}`, or `net {open_[1]}/16`"
        return Answer("a `/` stands between two parts of a name", help, 0, len(text))
    match = re.fullmatch(r"net\s+([A-Za-z0-9._-]+(?:(?:\s+|\s*/\s*)[A-Za-z0-9._-]+)+)", text, re.I)
    if match is None:
        return None
    name = "-".join(re.sub(r"\s*/\s*", "/", match[1]).split())
    return Answer("the name of a net has no blanks", f"write `net {name}`", 0, len(text), f"net {name}")


_FIGURE = re.compile(
    r"expect\s+(?P<what>[\w.]+)\s*(?P<sign>=|~=?|≈|is|about|)\s*(?P<value>\d[\d.,]*)\s*"
    r"(?P<unit>thousand|million|billion|[KMG](?:macs?|flops?|params?|b)\b|)",
    re.I,
)
_UNITS = {"": "", "thousand": "K", "million": "M", "billion": "G"}


def _figure(text: str, begin: int) -> Answer | None:
    """`expect params ~ 138M`, `= 138 million`, `= 138,357,544`."""
    match = _FIGURE.match(text)
    rest = text[match.end() :] if match else ""
    if match is None or not (match["sign"] not in ("", "=") or match["unit"] or "," in match["value"]):
        return None
    if not re.fullmatch(r"[KMG%]?", rest) or re.search(r",(?!\d{3}(?:\D|$))", match["value"]):
        return None
    unit = _UNITS.get(match["unit"].lower(), match["unit"][:1].upper())
    written = f"expect {match['what']} = {match['value'].replace(',', '')}{unit}{rest}"
    rule = "a claim is `expect QUANTITY = FIGURE`, and holds when it rounds to the digits that are printed"
    return Answer(rule, f"write `{written}`", 0, len(text), written) if written != text else None


def _default(text: str, begin: int) -> Answer | None:
    """`default conv act=relu`, `default conv3-64(act=relu)`."""
    sized = re.fullmatch(r"default\s+([a-z]+)(\d+(?:x\d+)*)?(?:-(\w+))?(?:/(\w+))?\s*\((.*)\)", text, re.I)
    if sized is not None and any(sized.groups()[1:4]):
        names = ("kernel", "features" if sized[1].lower() == "fc" else "channels", "stride")
        given = [f"{name}={size}" for name, size in zip(names, sized.groups()[1:4], strict=True) if size]
        whole = f"default {sized[1]}({', '.join([*given, sized[5]])})"
        return Answer("a default has no notation; its arguments have names", f"write `{whole}`", 0, len(text), whole)
    match = re.fullmatch(r"default\s+(\w+)\s+(\w.*)", text, re.I)
    if match is None:
        return None
    written = f"default {match[1]}({match[2]})" if re.match(r"\w+\s*=", match[2]) else None
    help = f"write `{short(written)}`" if written else "as in `default conv(act=relu)`"
    return Answer("the arguments of a default stand in parentheses", help, 0, len(text), written)


def _block(text: str, begin: int) -> Answer | None:
    """`block fire squeeze expand { ... }`."""
    match = re.match(r"block\s+(\w+)((?:[\s,]+[A-Za-z_]\w*)+)(?=\s*(?:\{|$))", text, re.I)
    if match is None or re.search(r"\btakes\b", match[2], re.I):
        return None
    written = f"block {match[1]}({', '.join(re.findall(r'[A-Za-z0-9_]+', match[2]))})"
    return Answer("the parameters of a block stand in parentheses", f"write `{written}`", 0, match.end(), written)


def _shaped(text: str, begin: int) -> Answer | None:
    """`3x224x224`, `image: 3x224x224`, `conv3-64: 64x224x224`."""
    if re.fullmatch(r"\d+[x×]\d+[x×]\d+", text):
        return Answer("a shape alone is no layer", f"write `input {text}`, or `-> {text}` behind a layer", 0, len(text))
    match = re.fullmatch(r"([A-Za-z_][\w-]*)\s*:\s*(\d+[x×]\d+[x×]\d+)", text)
    if match is None:
        return None
    layer = "-" in match[1]
    written = f"{match[1]} -> {match[2]}" if layer else f"input {match[1]}: {match[2]}"
    rule = "the shape stands behind `->`" if layer else "an input begins with `input`"
    return Answer(rule, f"write `{written}`", 0, len(text), written)


def _assignment(text: str, begin: int) -> Answer | None:
    """`conv1 = conv3-64` is a label, `classes = 10` a param, `filters=32` an argument out of its place."""
    match = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*([^=].*)", text)
    if match is None:
        return None
    name, value = match[1], match[2]
    if name.lower() in foreign.ARGUMENTS or name.lower() in (
        *foreign.NEEDLESS,
        "kernel",
        "stride",
        "pad",
        "activation",
    ):
        return Answer(
            f"`{name}` stands alone; arguments belong to a layer", "as in `conv3-64/2(pad=1, act=relu)`", 0, len(name)
        )
    if _VALUE.fullmatch(value):
        return Answer("a value begins with `param`", f"write `param {short(text)}`", 0, len(text), f"param {text}")
    equal = text.index("=")
    if name.lower() == "output":
        help = f"write `output features: {short(value)}`, or `{short(value)}` alone: the last value is the output"
        return Answer("an output has a name", help, 0, len(text))
    added = re.fullmatch(r"(\w+)\s*\+\s*(\w+)", value)
    if added:
        written = f"{name}: add {{ @{added[1]} | @{added[2]} }}"
        return Answer("a label is followed by `:`, and values are added by a join", f"write `{written}`", 0, len(text))
    dotted = _DOTTED.match(value)
    if dotted:
        return Answer(
            "a label is followed by `:`, and a name has no dots",
            _for(dotted[0]) or f"write `{name}: ...`",
            0,
            len(text),
        )
    written = f"{text[:equal].rstrip()}:"
    return Answer("a label is followed by `:`", f"write `{short(f'{name}: {value}')}`", 0, equal + 1, written)


def _for(dotted: str) -> str | None:
    layer = foreign.layer(dotted)
    return layer.help if layer else None


def _dots(text: str, begin: int) -> Answer | None:
    """`nn.Conv2d(3, 64)`, `self.conv1 = ...`, `layer1.conv: conv3-64`."""
    match = _DOTTED.match(text, begin)
    if match is None:
        return None
    rest = text[match.end() :].lstrip()
    last = match[0].rpartition(".")[2]
    if rest.startswith(":"):
        outer = match[0].partition(".")[0]
        return Answer("a label has no dots", f"dots come from groups: `{outer}: {{ {last}: ... }}`", begin, match.end())
    value = rest[1:].strip() if rest.startswith("=") else ""
    called = _DOTTED.match(value)
    help = _for(called[0] if called else match[0])
    if help is None and rest.startswith("="):
        help = f"a layer with a label is written `{last}: conv3-64`"
    if help is None and not rest:
        help = f"what a block gives out is called by `@{match[0]}`"
    if help is None and rest.startswith("("):
        inside = re.match(r"\(\s*([A-Za-z_][\w.]*)", rest)
        help = _for(inside[1]) if inside else None
        if help is None and last.islower():
            help = f"write the operator alone, as in `{last}`; what comes in is the value of the layer before"
    return Answer(
        f"`{short(match[0])}` is no name here: names have no dots",
        help or "layers are called by name alone, one on each line: `conv3-64`",
        begin,
        match.end(),
    )


def _named(text: str, begin: int) -> Answer | None:
    """`conv-1: conv3-64`, `1: conv3-64`, `"conv1": conv3-64`."""
    match = re.match(r"(?P<quote>[\"']?)(?P<name>[\w-]+)(?P=quote)\s*:", text)
    if match is None:
        return None
    name = match["name"].replace("-", "_")
    if name[0].isdigit():
        return Answer("a label begins with a letter", f"write `layer{name}: ...`", 0, match.end() - 1)
    if name == match[0][:-1].rstrip():
        return None
    rule = "a label stands without quotation marks" if match["quote"] else "a label has letters, digits and `_`"
    return Answer(rule, f"write `{name}:`", 0, match.end(), f"{name}:")


def _join(text: str, begin: int) -> Answer | None:
    """`concat(conv1-64, conv3-64)`."""
    match = _JOIN.fullmatch(text, begin)
    if match is None:
        return None
    branches = [branch.strip() for branch in match["branches"].split(",")]
    if len(branches) < 2:
        return None
    if all(_WORD.fullmatch(branch) for branch in branches):  # a layer has a number in it: these are labels
        branches = [f"@{branch}" for branch in branches]
    written = f"{match['join']} {{ {' | '.join(branches)} }}"
    help = f"write `{short(written)}`"
    return Answer("branches stand in braces, with `|` between them", help, begin, len(text), written)


_CALLED = re.compile(r"(?:(?:self\.)?(?P<label>[A-Za-z_]\w*)\s*[:=]\s*)?(?P<call>[A-Za-z_][\w.]*\(.*\)\s*,?)")


def _call(text: str, begin: int) -> Answer | None:
    """`nn.Conv2d(3, 64, 3)`, `self.conv1 = nn.Conv2d(3, 64, 3)`: the whole, where all that it says can be said."""
    match = _CALLED.fullmatch(text)
    layer = foreign.call(match["call"]) if match else None
    if match is None or layer is None:
        return None
    written = f"{match['label']}: {layer}" if match["label"] else layer
    return Answer("a layer is written by its own notation", f"write `{written}`", 0, len(text), written)


def _bracket(text: str, begin: int) -> Answer | None:
    """`residual [3x3, 64; 3x3, 64]`, of which the rows alone are the block."""
    match = re.compile(r"residual\s*(?=\[)", re.I).match(text, begin)
    if match is None:
        return None
    rule = "rows in brackets are a residual block by themselves"
    return Answer(rule, "leave `residual` out", match.start(), match.end(), "")


def _section(text: str, begin: int) -> Answer | None:
    """`[convolutional]`."""
    match = re.fullmatch(r"\[([A-Za-z]\w*)\]", text)
    if match is None:
        return None
    layer = foreign.layer(match[1])
    help = layer.help if layer else "as in `[3x3, 64; 3x3, 64]`"
    return Answer("brackets hold the rows of a residual block", help, 0, len(text))


WORDINGS: tuple[Callable[[str, int], Answer | None], ...] = (
    _call, _bracket, _statement, _phrase, _input, _net, _figure, _default, _block, _shaped, _join, _section, _dots,
    _assignment, _named,
)  # fmt: skip
"""The questions, in the order in which they are asked."""
