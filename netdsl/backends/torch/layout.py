"""Constructions and statements to text, laid out as `ruff format` and `black` do at 120 columns.

Text that may be broken over lines is a tree of `Bracket`s and `Loop`s with plain strings at its leaves. What fits is
one line; what does not is opened at its outermost bracket: its items in one line if they fit, else one a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias

from netdsl.backends.torch.construct import (
    LOOPS,
    PLAIN,
    UNSET,
    Chain,
    Construct,
    Container,
    Cycle,
    Items,
    Run,
    constants,
    substituted,
)
from netdsl.backends.torch.symbols import as_term, plain
from netdsl.backends.torch.terms import Layer, Term, literal, make, name

WIDTH = 120
MOST_BARE = 3
"""So many numbers in a row a reader can tell apart by their places; of more, each has its name before it."""

NUMBERS = PLAIN - {Layer}

ENTRY = re.compile(r"_(channels|features)$")
"""What says what a class is given, and comes first wherever one is constructed."""


class Bracket(NamedTuple):
    """`opening items closing`; an item is what stands before it, and itself.

    `spread` keeps the items one a line, as a comma behind the last one does.
    """

    opening: str
    items: tuple[tuple[str, Text], ...]
    closing: str
    spread: bool = False


class Loop(NamedTuple):
    """A comprehension `[item clause clause]`; a clause is its words and what it runs over."""

    item: Text
    clauses: tuple[tuple[str, Text], ...]


Text: TypeAlias = str | Bracket | Loop


# Constants and constructions as text trees ---------------------------------------------------------------------------


def tree(value: Any) -> Text:
    """A construction or a constant as a text tree."""
    if isinstance(value, Construct):
        return _call(value)
    if isinstance(value, Items):
        value = value.values
    if isinstance(value, tuple):
        items = tuple(("", tree(item)) for item in value)
        return Bracket("(", items, ")") if len(items) > 1 else literal(value)
    if isinstance(value, Container):
        items = tuple((f"{literal(key)}: ", tree(item)) for key, item in value.items)
        return Bracket("nn.ModuleDict(", (("", Bracket("{", items, "}", len(items) > 1)),), ")")
    if isinstance(value, Chain):
        return Bracket("nn.Sequential(", *sequence(value))
    return literal(value)


def sequence(chain: Chain) -> tuple[tuple[tuple[str, Text], ...], str, bool]:
    """The arguments of `nn.Sequential`, its closing bracket, and whether they are kept one a line."""
    assert not named(chain)
    items = tuple(("*", _loop(item)) if isinstance(item, LOOPS) else ("", tree(item)) for _, item in chain.items)
    return items, ")", len(items) > 1


def named(chain: Chain) -> bool:
    """Whether the keys of a sequence are other than places, so that each module is added by its name."""
    at = 0
    for key, item in chain.items:
        if key != str(at) and not (chain.when and not key):
            return True
        if isinstance(item, Run) and item.key is not None:
            return True
        at += _length(item) if isinstance(item, LOOPS) else 1
    return False


def _length(loop: Run | Cycle) -> int:
    """How many layers a loop makes."""
    return loop.count if isinstance(loop, Run) else loop.count * len(loop.items)


def _call(construct: Construct) -> Bracket:
    function, arguments = construct.function, construct.arguments
    if isinstance(function, (str, Term)):
        name = function.text if isinstance(function, Term) else str(function)
        items = tuple(
            [(f"{a.keyword}=" if a.keyword else "", tree(a.value)) for a in arguments if not _usual(a.value, a.usual)]
        )
    else:
        name = function.name
        usual = {each.name: each.default for each in function.parameters}
        many = sum([not a.keyword and _bare(a.value) for a in arguments]) > MOST_BARE
        front = list(takewhile(lambda a: not a.keyword and (not many or ENTRY.search(a.role)), arguments))
        keywords = ["" if place < len(front) else a.keyword or a.role for place, a in enumerate(arguments)]
        items = tuple(
            [
                (f"{keyword}=" if keyword else "", tree(a.value))
                for keyword, a in zip(keywords, arguments, strict=True)
                if not a.keyword or not _usual(a.value, usual[a.keyword])
            ]
        )
    if construct.parameter:
        grad = (("requires_grad=", "False"),) if construct.frozen else ()
        return Bracket("nn.Parameter(", (("", Bracket(f"{name}(", items, ")")), *grad), ")")
    return Bracket(f"{name}(", items, ").requires_grad_(False)" if construct.frozen else ")")


def _usual(value: Any, known: Any) -> bool:
    """Whether a value is what an argument has that is left out."""
    return known is not UNSET and type(plain(value)) is type(known) and bool(value == known)


def _bare(value: Any) -> bool:
    """Whether a reader sees a number whose meaning nothing tells: a constant, or one of a loop's index."""
    return type(value) in NUMBERS or (isinstance(value, Term) and value.names == {"i"})


def _loop(loop: Run | Cycle) -> Loop:
    if isinstance(loop, Cycle):
        layers = Bracket("(", tuple(("", tree(item)) for item in loop.items), ")")
        return Loop("layer", ((f"for _ in range({loop.count})", ""), ("for layer in ", layers)))
    head, _, item = counted(loop)
    return Loop(item, ((head, ""),))


def counted(loop: Run) -> tuple[str, str, Text]:
    """What a loop over an index says: its head, the key of a module where it has one, and the module."""
    index, numbers = name("i"), f"{loop.start}, {loop.start + loop.count}" if loop.start else f"{loop.count}"
    values = [
        _shifted(make("*", as_term(step), index), value - step * loop.start) if step else value
        for (_, value), step in zip(constants(loop.first), loop.steps, strict=True)
    ]
    key = ""
    if loop.key is not None:
        prefix, number = loop.key
        shifted = _shifted(index, number - loop.start, behind=True).text
        key = f'f"{prefix}{{{shifted}}}"' if prefix else f"str({shifted})"
    used = key or any(isinstance(value, Term) and index.names <= value.names for value in values)
    return f"for {'i' if used else '_'} in range({numbers})", key, tree(substituted(loop.first, iter(values)))


def _shifted(term: Term, by: int, behind: bool = False) -> Term:
    """A term and a number: `64 + 32 * i`, or with the number `behind`."""
    if by < 0:
        return make("-", term, as_term(-by))
    return make("+", term, as_term(by)) if behind else make("+", as_term(by), term)


# Text trees to lines -------------------------------------------------------------------------------------------------


def flat(text: Text) -> str | None:
    """The text in one line; None for what is kept spread over several."""
    if isinstance(text, str):
        return text
    if isinstance(text, Loop):
        parts = [flat(text.item), *(_clause(words, over) for words, over in text.clauses)]
        return None if None in parts else f"[{' '.join(part for part in parts if part is not None)}]"
    if text.spread:
        return None
    inside = [_clause(prefix, item) for prefix, item in text.items]
    return (
        None if None in inside else text.opening + ", ".join(each for each in inside if each is not None) + text.closing
    )


def _clause(words: str, over: Text) -> str | None:
    text = flat(over)
    return None if text is None else words + text


def lay(text: Text, indent: int, before: int = 0, after: int = 0) -> str:
    """The text in lines indented by `indent`, with `before` characters before it in its first line and `after` behind
    in its last one."""
    line = flat(text)
    if line is not None and (isinstance(text, str) or indent + before + len(line) + after <= WIDTH):
        return line
    assert not isinstance(text, str)
    inner = indent + 4
    pad = " " * inner
    if line is not None and isinstance(text, Bracket) and "(" in text.closing:  # the last bracket is opened first
        last = text.closing.rpartition("(")[2]
        head = line.removesuffix(last)
        if indent + before + len(head) <= WIDTH:
            return f"{head}\n{pad}{last.removesuffix(')')}\n{' ' * indent})"
    if isinstance(text, Loop):
        lines = [pad + lay(text.item, inner)]
        lines += [pad + words + lay(over, inner, len(words)) for words, over in text.clauses]
        return "\n".join(["[", *lines, " " * indent + "]"])
    if not text.spread:
        parts = [_clause(prefix, item) for prefix, item in text.items]
        if parts and None not in parts:
            joined = ", ".join(part for part in parts if part is not None)
            if inner + len(joined) <= WIDTH:
                return f"{text.opening}\n{pad}{joined}\n{' ' * indent}{text.closing}"
    comma = "" if len(text.items) == 1 else ","
    lines = [f"{pad}{prefix}{_laid(item, inner, len(prefix), len(comma))}{comma}" for prefix, item in text.items]
    return "\n".join([text.opening, *lines, " " * indent + text.closing])


def _laid(item: Text, indent: int, before: int, after: int) -> str:
    """What stands in brackets: a sum that is too long for its line has a line for each term."""
    line = lay(item, indent, before, after)
    if not isinstance(item, str) or indent + before + len(line) + after <= WIDTH:
        return line
    return f"\n{' ' * indent}+ ".join(_terms(item))


def _terms(text: str) -> list[str]:
    """The terms of a sum."""
    parts, found = text.split(" + "), [""]
    for part in parts:
        inside = found[-1].count("(") > found[-1].count(")")
        if inside:
            found[-1] += f" + {part}"
        else:
            found.append(part)
    return found[1:]


def render(value: Any, indent: int, before: int = 0, after: int = 0) -> str:
    """A construction or a constant as source text."""
    return lay(tree(value), indent, before, after)


def call(function: str, arguments: Sequence[str]) -> Bracket:
    """`function(arguments)`."""
    return Bracket(f"{function}(", tuple(("", each) for each in arguments), ")")


def parameters(indent: int, opening: str, names: Sequence[str], closing: str) -> list[str]:
    """The head of a function, `opening(names)closing`."""
    head = Bracket(opening + "(", tuple(("", name) for name in names), ")" + closing)
    return [" " * indent + line if number == 0 else line for number, line in enumerate(lay(head, indent).split("\n"))]
