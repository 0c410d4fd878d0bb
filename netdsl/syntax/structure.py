"""Mistakes in what holds bodies, and in the labels that lead to them: joins, calls with inputs, blocks, `@label`.

Questions like those of `slips`, which are asked between those about lines and those about signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl import foreign
from netdsl.syntax.lex import JOINS, KEYWORDS
from netdsl.syntax.slips import statement
from netdsl.syntax.unexpected import Unexpected
from netdsl.text.diagnostics import Diagnostic, Edit, misspelt

_BEFORE = re.compile(r"(@?)([A-Za-z_]\w*)\s*$")
_HEAD = re.compile(r"block\s+\w+\s*(?:\([^(){}]*\))?\s*", re.I)
_TAKES = re.compile(r"[^{}\n]*\btakes\b", re.I)
_FAMILY = re.compile(r"([A-Za-z_]\w*)\s*(\{[^{}\n]*\})\s*(?=[{,])")
_ELIF = re.compile(r"el(?:s|se)?if", re.I)
_INPUTS = re.compile(r"\{[^{}\n]*[|@]")
_BRANCH = {"_SEP", "_BAR", "_RBRACE"}
JOINED = "branches are joined by `concat`, `add` or another join: `concat { ... | ... }`"


def call(found: Unexpected) -> Diagnostic | None:
    """`exchange { @a | @b }`, `Concatenate { a | b }`: braces behind a name alone hold an expression."""
    if found.kind not in ("_BAR", "_SEP", "_AT") or found.bracket != "{" or not found.level:
        return None
    opened = found.text.rfind("{", 0, found.start)
    word = _BEFORE.search(found.text[max(opened - 80, 0) : opened])
    if word is None or word[1] or word[2].lower() in KEYWORDS or "_SEP" in found.expected:
        return None
    name = word[2]
    start = opened - len(word[0])
    place = found.span(start, start + len(name))
    message = f"`{name}` takes no layers in braces"
    if re.fullmatch(r"x\d+", name):
        help = f"a repetition stands behind what it repeats, `{{ ... }} {name}`, and a repeated branch alone"
        return found.error(message, help, at=place)
    join = foreign.JOINS.get(name.lower()) or misspelt(name, (*JOINS, "residual"))
    if join is not None and not _is_block(found, name):
        return found.error(message, f"write `{join} {{ ... }}`", Edit(place, join), at=place)
    if _is_block(found, name):
        message = f"the inputs of `{name}` stand behind its parentheses"
        behind = found.span(place.end, place.end)
        return found.error(message, f"write `{name}() {{ ... }}`", Edit(behind, "()"), at=place)
    known = foreign.layer(name)
    if found.kind in ("_BAR", "_AT"):
        help = f"{JOINED}; the inputs of a block stand behind its parentheses: `{name}() {{ ... | ... }}`"
        help = f"{known.help}; {JOINED}" if known is not None and known.outside else help
        return found.error(message, help, at=place)
    alone = () if known is None else (Edit(found.span(start, opened), ""),)
    help = "layers in braces stand alone, `{ conv3-64; relu }`; a block is called `name(...)`"
    return found.error(message, help, *alone, at=place)


def _is_block(found: Unexpected, name: str) -> bool:
    """Whether the text defines a block of this name."""
    return re.search(rf"\bblock\s+{name}\b", found.text) is not None


def braces(found: Unexpected) -> Diagnostic | None:
    """`exchange-32 { @a | @b }`: geometry, and then braces without parentheses."""
    if found.kind != "_LBRACE" or "_LPAR" not in found.expected or "_SEP" not in found.expected:
        return None
    if found.last not in ("NUMBER", "DIMS", "NAME", "_RBRACE") or not _INPUTS.match(found.text, found.start):
        return None
    message = "braces with the inputs of a block stand behind its parentheses"
    help = "write `name(...) { @a | @b }`; layers in braces of their own stand behind `;`"
    return found.error(message, help, code="E0108")


def head(found: Unexpected) -> Diagnostic | None:
    """`block b(n) x, y { ... }`, `block b takes map{n} { ... }`: the inputs of a block."""
    start, _ = statement(found)
    line = found.text[start : found.text.find("\n", start) if "\n" in found.text[start:] else None]
    opening = _HEAD.match(line)
    if opening is None or found.start < start + opening.end() or found.brackets:
        return None
    takes = _TAKES.match(line)
    rest = start + takes.end() if takes else 0
    if takes and (
        family := _FAMILY.match(found.text, rest + len(line[takes.end() :]) - len(line[takes.end() :].lstrip()))
    ):
        written = f"{family[1]} x{family[2]}"
        place = found.span(family.start(1), family.end(2))
        return found.error(
            "inputs that are counted are written as a repetition", f"write `{written}`", Edit(place, written), at=place
        )
    if "_TAKES" in found.expected:
        return _without_takes(found)
    if found.last == "_TAKES" and found.value == "(":
        inside = re.match(r"\(([^(){}]*)\)", found.text[found.start :])
        edits = (Edit(found.span(end=found.start + len(inside[0])), inside[1].strip()),) if inside else ()
        return found.error("the inputs of a block stand without parentheses", "as in `takes high, low`", *edits)
    if found.last == "_TAKES" or (found.last == "_COMMA" and takes):
        message = f"the name of an input must stand here, not {found.found}"
        return found.error(message, "as in `block fuse(c) takes high, low { ... }`")
    if takes and "_COMMA" in found.expected and found.kind == "NAME":
        message = f"',' must stand between the inputs of a block, before {found.found}"
        return found.error(message, "put `,` between them", Edit(found.span(found.behind, found.behind), ","))
    if found.expected & {"_LBRACE"} and found.ended:
        return found.error(
            "a body in braces must follow the head of a block", "as in `block fuse(c) takes high, low { ... }`"
        )
    return None


def _without_takes(found: Unexpected) -> Diagnostic | None:
    """Names behind the head of a block that are to be its inputs."""
    help = "as in `block fuse(c) takes high, low { ... }`"
    if found.kind != "NAME":
        if found.ended or found.kind not in ("_ARROW", "_COLON", "_AT"):
            return None
        return found.error(f"the inputs of a block follow `takes`, and its body, not {found.found}", help)
    message = "the inputs of a block follow `takes`"
    if re.match(r"\w+\s+[A-Za-z_]", found.text[found.start :]):
        return found.error(message, "write `takes`", Edit(found.span(), "takes"))
    return found.error(message, help, Edit(found.span(found.start, found.start), "takes "))


def repeated(found: Unexpected) -> Diagnostic | None:
    """What follows the repetition of a join or a branch."""
    if found.kind == "BAD":
        return None
    if found.last in ("_RBRACE", "_SEP") and found.expected and found.expected <= _BRANCH and found.bracket == "{":
        message = f"a repeated branch stands alone between its bars, without {found.found}"
        return found.error(message, "put all of the branch into its braces")
    if found.last == "JOIN":
        return _counted(found)
    span = found.ending(r"[ \t]x(\d+)$")
    range_ = re.match(r"\.\.+(\d+)", found.text[found.start :]) if span is not None else None
    if span is not None and range_ is not None:
        written = f"x{max(int(range_[1]) - int(span[1]) + 1, 1)}"
        place = found.span(found.behind - len(span[0]) + 1, found.start + len(range_[0]))
        help = f"write `{written} as i`, where `i` is 0 to {int(written[1:]) - 1}"
        return found.error("a repetition is a number, and its index counts from 0", help, at=place)
    repeat = found.ending(r"[x×](?:\s*\d+|\s*\{[^{}]*\})(?:\s+as\s+\w+)?$", flags=re.I)
    if repeat is None or "_LBRACE" not in found.expected or found.expected & {"BROKEN", "_SEP"}:
        return None
    if found.value == "(":
        word = found.ending(r"(\w+)\s*$", repeat.start())
        name = word[1] if word else "add"
        help = f"write `{name}(...) {repeat[0]} {{ ... }}`"
        return found.error("the arguments of a join stand before its repetition", help)
    help = f"write `{repeat[0]} {{ ... }}`; a layer is repeated by `conv3-64 {repeat[0]}`"
    return found.error(f"what is repeated must follow in braces, not {found.found}", help)


def _counted(found: Unexpected) -> Diagnostic | None:
    """`add 32 { ... }`, `add xn { ... }`, `max 2`."""
    word = found.ending(r"(\w+)\s*$")
    join = word[1].lower() if word else "add"
    if (
        found.kind == "NUMBER"
        and found.value.isdigit()
        and re.match(r"\d+\s*(?:as\s+\w+\s*)?\{", found.text[found.start :])
    ):
        edit = Edit(found.span(), f"x{found.value}")
        return found.error("a number of branches is written with `x`", f"write `{join} {edit.text} {{ ... }}`", edit)
    if found.kind == "NAME" and (name := re.fullmatch(r"x([A-Za-z_]\w*)", found.value)):
        edit = Edit(found.span(), f"x{{{name[1]}}}")
        return found.error("a number of branches by name stands in braces", f"write `{edit.text}`", edit)
    pooling = found.kind in ("NUMBER", "DIMS", "_SEP", "SLASH", "MINUS", "$END") or found.value.startswith("pool")
    if join in ("max", "mean") and pooling:
        pool = "maxpool" if join == "max" else "avgpool"
        help = f"`{join}` joins branches, `{join} {{ conv1-64 | conv3-64 }}`; a pooling is `{pool}3/2`"
        return found.error(f"branches in braces must follow, not {found.found}", help)
    return None


def lone(found: Unexpected) -> Diagnostic | None:
    """`concat { x3 conv3-8 | b }`: a repetition before a layer."""
    if found.kind not in ("NAME", "ALIAS", "_AT", "_LBRACE", "_LSQB", "JOIN", "RESIDUAL") or found.last != "NAME":
        return None
    count = found.ending(r"(?:^|[;{|\n])\s*(x\d+)$")
    if count is None or "_SEP" not in found.expected:
        return None
    place = found.span(found.behind - len(count[1]), found.behind)
    help = f"write `conv3-64 {count[1]}`; a branch that is repeated is `{count[1]} {{ ... }}`"
    return found.error("a repetition stands behind what it repeats", help, at=place)


def label(found: Unexpected) -> Diagnostic | None:
    """`@a.`, `@a.b.c`, `@a[0]`, `@a.0`, `@a-b`, `a{i}1: ...`, `reuse(@a)`, `output a = ...`."""
    if found.last == "_DOT":
        help = "as in `@stage2.high`"
        return found.error(f"the name of an output must follow '.', not {found.found}", help)
    if found.last == "_AT" and found.value == ".":
        return found.error("a label must follow '@', not '.'", "as in `@stage2.high`")
    if found.last == "REUSE" or found.ending(r"reuse\(\s*$", flags=re.I):
        if found.kind == "_AT":
            help = "write its name alone, as in `reuse(conv1)`"
            return found.error("the label in `reuse` stands without `@`", help, Edit(found.span(), ""))
        return None
    braced = found.ending(r"(@?)\b([A-Za-z_]\w*\{[^{}\n]*\})$")
    if braced is not None and found.kind in ("NUMBER", "DIMS") and found.start == found.behind:
        named = braced[1] or re.match(r"\w+\s*:", found.text[found.start :])
        help = f"write `{braced[0]}_{found.value}`"
        return found.error("behind its braces a label goes on with a letter or `_`", help) if named else None
    seen = found.ending(r"(@|\breuse\s*\(|\boutput\s)\s*([A-Za-z_]\w*(?:\{[^{}\n]*\}\w*)?)((?:\.\w+)?)(-?)$")
    if seen is None:
        return None
    sign, name = seen[1], seen[2]
    if found.value == "." and sign != "output ":
        message = "a call hides the outputs of the calls inside it"
        help = "a block repeats an output of its own call with `@part.high; output high`, for `@label.high`"
        return found.error(message, help) if seen[3] else None
    if found.kind == "_LSQB" and (index := re.match(r"\[([^\[\]{}\n]*)\]", found.text[found.start :])):
        place = found.span(found.behind, found.start + len(index[0]))
        written = index[1] if index[1].isdigit() else f"{{{index[1]}}}"
        help = f"write `{name}{written}`, as its label is written"
        return found.error("a label is read as it is written", help, Edit(place, written), at=place)
    if found.kind == "NUMBER" and found.value[0] == "." and found.start == found.behind:
        help = f"label each, as in `{name}{{i}}: conv3-64 x3 as i`, and write `{sign}{name}{found.value[1:]}`"
        return found.error("the layers of a repetition have no numbers to call them by", help)
    if seen[4] and found.kind == "NAME" and sign == "@":
        return found.error("a label has letters, digits and `_`", f"as in `@{name}_{found.value}`")
    if sign.startswith("output"):
        return _output(found, name, seen[4])
    if found.value == "," and sign.startswith("reuse"):
        return found.error("`reuse` has one label", f"write `reuse({name}); reuse(...)`")
    return None


def _output(found: Unexpected, name: str, dash: str) -> Diagnostic | None:
    """`output a = conv3-8`, `output a, b`, `output conv3-8`."""
    if dash and found.kind in ("NUMBER", "NAME"):
        layer = statement(found)[1].partition(" ")[2].strip()
        return found.error("an output has a name, and its layer follows `:`", f"write `output features: {layer}`")
    if found.value == "=":
        edit = Edit(found.span(found.behind, found.end), ":")
        return found.error("the layer of an output follows `:`", f"write `output {name}: ...`", edit)
    if found.value == "," and "_SEP" in found.expected:
        edit = Edit(found.span(), "; output")
        return found.error("each output is a statement", f"write `output {name}; output ...`", edit)
    return None


def value(found: Unexpected) -> Diagnostic | None:
    """`param a = @x`, `crop(like @x)`: `@` where no label can stand."""
    if found.kind != "_AT":
        return None
    if found.bracket == "(" and found.last == "NAME" and "_EQUAL" in found.expected:
        edit = Edit(found.span(found.behind, found.start), "=")
        return found.error("an argument is written `name=value`", "put `=` between them", edit)
    if "STRING" not in found.expected or "BROKEN" in found.expected:
        return None
    return found.error(
        f"a value must stand here, not {found.found}", "`@` names a label, as an argument: `crop(like=@x)`"
    )


def tokens(found: Unexpected) -> Diagnostic | None:
    """`input 128 of`, `input of 30000`."""
    if found.last == "_OF":
        return found.error(
            f"a number of tokens must follow `of`, not {found.found}", "as in `input words: 128 of 30000`"
        )
    text = statement(found)[1]
    if re.match(r"input\s+(?:\w+\s*:\s*)?of\b", text, re.I):
        return found.error("how many tokens come in must stand before `of`", "as in `input words: 128 of 30000`")
    return None


def otherwise(found: Unexpected) -> Diagnostic | None:
    """`if a { b } elif c { d }`."""
    if found.kind != "NAME" or not _ELIF.fullmatch(found.value) or "ELSE" not in found.expected:
        return None
    written = "else if"
    return found.error(f"`{found.value}` is written `else if`", f"write `{written}`", Edit(found.span(), written))


STRUCTURE: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    call, head, repeated, lone, label, value, tokens, otherwise, braces,
)  # fmt: skip
"""The questions, in the order in which they are asked."""
