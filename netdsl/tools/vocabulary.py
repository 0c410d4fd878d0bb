"""The words of the language, for what colours it: sorted by what they are, each drawn from where it is declared.

Keywords come from the lexer, operators and their other names from their files, blocks from the standard library. The
Pygments lexer and the grammars of editors are made of these lists, so that a new operator is coloured the day it is
added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from netdsl import ops
from netdsl.elaborate.evaluator import SIZES
from netdsl.elaborate.files import standard_blocks
from netdsl.elaborate.functions import FUNCTIONS
from netdsl.syntax import parse
from netdsl.syntax.lex import KEYWORDS
from netdsl.syntax.tree import Layer, Operation
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

# Sorted by the part they play in a statement; what is in no list here opens a statement of the file.
_CONSTANTS = frozenset({"true", "false", "none"})
_CONNECTIVES = frozenset({"and", "or", "not"})
_CONDITIONS = frozenset({"if", "else"})
_INSIDE = frozenset({"as", "for", "in", "of", "takes", "variant"})
_ITEMS = frozenset({"aux", "output", "residual", "reuse"})


@dataclass(frozen=True)
class Vocabulary:
    """The words by kind, each list in alphabetical order and in lower case; the language does not mind the case.

    - `statements`: what opens a statement of the file (`net`, `input`, `block`).
    - `items`: what stands where a layer may; `joins`: the ones that are operators too (`concat`).
    - `conditions`, `connectives`, `inside`, `constants`: the other keywords: `if`, `and`, `as`, `true`.
    - `operators`: the operators and those of their other names that are one word; `phrases`: the ones of two (`max
      pool`), as the pair of their words.
    - `blocks`: the blocks of the standard library.
    - `functions`, `sizes`: what expressions may call, and the sizes of the current value.
    """

    statements: tuple[str, ...]
    items: tuple[str, ...]
    joins: tuple[str, ...]
    conditions: tuple[str, ...]
    connectives: tuple[str, ...]
    inside: tuple[str, ...]
    constants: tuple[str, ...]
    operators: tuple[str, ...]
    phrases: tuple[tuple[str, str], ...]
    blocks: tuple[str, ...]
    functions: tuple[str, ...]
    sizes: tuple[str, ...]


@cache
def vocabulary() -> Vocabulary:
    """The words of the language as it is installed."""
    joins = {word for word, kind in KEYWORDS.items() if kind == "JOIN"}
    other = joins | _CONSTANTS | _CONNECTIVES | _CONDITIONS | _INSIDE | _ITEMS
    known = [*ops.names(), *(alias for name in ops.names() for alias in ops.find(name).aliases)]
    written = [name for name in known if _is_operator(name)]
    return Vocabulary(
        statements=_sorted(KEYWORDS.keys() - other),
        items=_sorted(_ITEMS),
        joins=_sorted(joins),
        conditions=_sorted(_CONDITIONS),
        connectives=_sorted(_CONNECTIVES),
        inside=_sorted(_INSIDE),
        constants=_sorted(_CONSTANTS),
        operators=_sorted({name for name in written if name.isidentifier()} - joins),
        phrases=tuple(sorted({_pair(name) for name in written if not name.isidentifier()})),
        blocks=_sorted(standard_blocks()),
        functions=_sorted(FUNCTIONS),
        sizes=_sorted(SIZES),
    )


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(words))


def _pair(phrase: str) -> tuple[str, str]:
    first, second = phrase.replace("-", " ").split()
    return first, second


def _is_operator(name: str) -> bool:
    """Whether a layer may be written with this name. Messages understand more names than the grammar does."""
    if name in KEYWORDS:
        return True
    report = Report()
    statements = parse(Source("<name>", name), report).statements
    if len(report) or len(statements) != 1 or not isinstance(statements[0], Layer):
        return False
    item = statements[0].item
    return isinstance(item, Operation) and item.head.text == name
