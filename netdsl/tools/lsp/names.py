"""The names of one file: where each is defined, where it is used, and from where it can be seen.

`netdsl.tools.lsp.resolve` finds them in the tree; here they are looked up by place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from netdsl.syntax import tree
from netdsl.text.source import Span

Kind: TypeAlias = Literal["label", "input", "block", "parameter", "param", "index", "variant", "aux", "output"]


@dataclass(eq=False)
class Symbol:
    """One name. `definitions` and `uses` are the places of the name itself; `statements` are what defines it.

    `sight` is where it can be seen. `inner` are the labels in each body that it labels, or in the body of a block, by
    name; `parameters` and `outputs` those of a block, `heads` the blocks that a label's statement calls. `computed`
    says that an expression follows the name: it is that of several labels.
    """

    kind: Kind
    name: str
    sight: Span
    definitions: list[Span] = field(default_factory=list)
    uses: list[Span] = field(default_factory=list)
    statements: list[Any] = field(default_factory=list)
    inner: list[dict[str, Symbol]] = field(default_factory=list)
    parameters: dict[str, Symbol] = field(default_factory=dict)
    outputs: dict[str, Symbol] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    computed: bool = False

    @property
    def places(self) -> list[Span]:
        """Every place of the name, in order."""
        return sorted({*self.definitions, *self.uses})


@dataclass
class Names:
    """The names of one file: `blocks`, `params`, `variants`, `aux`, `labels`, `outputs` are those of its top level."""

    file: tree.File
    symbols: list[Symbol] = field(default_factory=list)
    blocks: dict[str, Symbol] = field(default_factory=dict)
    params: dict[str, Symbol] = field(default_factory=dict)
    variants: dict[str, Symbol] = field(default_factory=dict)
    aux: dict[str, Symbol] = field(default_factory=dict)
    labels: dict[str, Symbol] = field(default_factory=dict)
    outputs: dict[str, Symbol] = field(default_factory=dict)

    @cached_property
    def _spans(self) -> list[tuple[int, int, Symbol]]:
        """Every place of every name, in order."""
        spans = [(span.start, span.end, symbol) for symbol in self.symbols for span in symbol.places]
        return sorted(spans, key=lambda each: each[:2])

    def at(self, offset: int) -> tuple[Symbol, Span] | None:
        """The name that an offset lies in, or that it lies just behind."""
        index = bisect_right(self._spans, offset, key=lambda each: each[0]) - 1
        if index < 0 or self._spans[index][1] < offset:
            return None
        start, end, symbol = self._spans[index]
        return symbol, Span(self.file.source.name, start, end)

    def sighted(self, offset: int) -> Iterator[Symbol]:
        """The names that can be seen from an offset. The labels outside of a block cannot be seen in it."""
        block = self.enclosing(offset)
        for symbol in self.symbols:
            if symbol.sight.start <= offset <= symbol.sight.end and (
                symbol.kind not in ("label", "input", "output") or self.enclosing(symbol.definitions[0].start) is block
            ):
                yield symbol

    def enclosing(self, offset: int) -> tree.Block | None:
        """The definition of a block that an offset lies in."""
        for block in self.file.statements:
            if isinstance(block, tree.Block) and block.span.start <= offset <= block.span.end:
                return block
        return None
