"""The grammar as a parser: Lark reads `grammar.lark` and works out its LALR tables, once a process.

Working them out takes longer than checking a spec, so Lark keeps them in the user's cache, tied by a digest to the
grammar, to Lark and to Python. Where nothing can be kept, or what was kept is no good, they are worked out again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from lark import Lark
from lark.parsers.lalr_interactive_parser import InteractiveParser

from netdsl.syntax.cache import directory
from netdsl.syntax.reduce import Reducer
from netdsl.text.diagnostics import Report

_GRAMMAR = Path(__file__).with_name("grammar.lark")
_lock = Lock()


@contextmanager
def reading(start: str, report: Report) -> Iterator[tuple[InteractiveParser, Reducer]]:
    """A parser that takes the tokens of a `file`, or of an expression `alone`, one at a time, and the reducer that it
    calls, which tells `report` what is wrong. One thread at a time has them: Lark binds its callbacks for good.
    """
    with _lock:
        lark, reducer = _made()
        reducer.begin(report)
        try:
            yield lark.parse_interactive(start=start), reducer
        finally:
            reducer.begin(Report())  # what was read is let go


@cache
def _made() -> tuple[Lark, Reducer]:
    """Lark's parser; its `basic` lexer is never asked, since the grammar declares all its terminals."""
    grammar = _GRAMMAR.read_text("utf-8")
    folder = directory("grammar")
    name = f"{blake2b(grammar.encode(), digest_size=8).hexdigest()}.{sys.implementation.cache_tag}"
    reducer = Reducer()
    lark = Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        start=["file", "alone"],
        keep_all_tokens=True,
        transformer=reducer,
        cache=os.fspath(folder / name) if folder else False,
    )
    return lark, reducer
