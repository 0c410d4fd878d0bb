"""The edits of several messages, made together as far as the result passes a proof.

An edit that is right by itself can be wrong beside other mistakes or other edits. So the edits of all messages are made
at once and the text is compiled again; where the proof fails, each half is tried instead, down to single messages.
Every trial costs a compilation, so their number is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from netdsl.compiler import Compilation
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Source

MOST_ROUNDS = 20
"""One edit can make room for another; after so many rounds in a row the rest is left."""

Compiled = TypeVar("Compiled")


def size(compilation: Compilation) -> int:
    """How much one more compilation of a text costs, in layers: 50 characters count as one, a message as three, since
    what was meant is looked for, and each variant counts anew."""
    layers = len(compilation.network.nodes) if compilation.network else 0
    written = len(compilation.file.source.text) if compilation.file else 0
    told = sum(1 for _ in compilation.report)
    return max(1, len(compilation.variants)) * (layers + written // 50 + 3 * told + 1)


class Trial(Generic[Compiled]):
    """One round of edits to `source`, which compiles to `before`.

    `proof` is given what the changed text compiles to and the messages whose edits were made, and returns why that
    is not right, or None. Afterwards `chosen` are the messages whose edits turned the text into `text`, which
    compiles to `after`; `refused` are those that fail even alone, each with the reason; `left` is the work that may
    follow, of which each compilation takes what it `cost`s.
    """

    def __init__(
        self,
        source: Source,
        before: Compiled,
        compile: Callable[[Source], Compiled],
        proof: Callable[[Compiled, Sequence[Diagnostic]], str | None],
        left: int,
        cost: Callable[[Compiled], int],
    ):
        self.source, self.compile, self.proof = source, compile, proof
        self.left, self.cost = left, cost
        self.text, self.after = source.text, before
        self.chosen: list[Diagnostic] = []
        self.refused: list[tuple[Diagnostic, str]] = []

    def settle(self, group: Sequence[Diagnostic]) -> None:
        """Choose all of a group whose edits do not touch, or what can be chosen of each half of it."""
        if not group or self.left <= 0:
            return
        together = [*self.chosen, *group]
        text = edits.apply(self.source, (edit for each in together for edit in each.edits))
        after = self.compile(Source(self.source.name, text))
        self.left -= self.cost(after)
        reason = self.proof(after, together)
        if reason is None:
            self.chosen, self.text, self.after = together, text, after
        elif len(group) == 1:
            self.refused.append((group[0], reason))
        else:
            half = len(group) // 2
            self.settle(group[:half])
            self.settle(group[half:])
