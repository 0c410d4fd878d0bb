"""Making the edits that warnings carry, and proving afterwards that the network is what it was.

An edit is made only if every variant compiles as before: no new error, the same shapes, multiply-adds and names of
weights, the same digest. A bias that a norm takes away is the one thing that may go. What does not stand the proof is
left as it was, with the reason; a file whose claims count the weights of the bias is such a case.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from netdsl.compiler import Compilation
from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic, Report
from netdsl.text.source import Source

MOST_ROUNDS = 20
MOST_TRIALS = 100
"""How often the text is compiled at most."""
_SMALLER = ("W0104",)
"""The codes whose edits take weights away."""
_IDEMPOTENT = ("W0403",)
"""The codes whose edits take a layer away that does nothing twice; a digest does not know that of a ReLU."""

Compile = Callable[[Source], Mapping[str, Compilation]]
Judge = Callable[[Mapping[str, Compilation]], Report]


@dataclass
class Mended:
    """The text with every edit that could be made, the warnings that were mended, and those that were not, each with
    the reason."""

    text: str
    mended: list[Diagnostic] = field(default_factory=list)
    refused: list[tuple[Diagnostic, str]] = field(default_factory=list)


def mend(source: Source, compile: Compile, judge: Judge) -> Mended:
    """Mend a text by the edits of its warnings, again and again, until none is left that can be made.

    `compile` gives the variants of a text by name, `judge` the warnings about them.
    """
    found = Mended(source.text)
    first = before = compile(source)
    known: set[tuple[str, str]] = set()
    left = MOST_TRIALS
    for _ in range(MOST_ROUNDS):
        current = Source(source.name, found.text)
        waiting = [
            each
            for each in judge(before)
            if each.edits and all(edit.span.file == source.name for edit in each.edits) and _key(each) not in known
        ]
        if not waiting or left <= 0:
            break
        trial = _Round(current, before, compile, left)
        trial.settle(_apart(waiting))
        left = trial.left
        known.update(_key(each) for each, _ in trial.refused)
        found.refused += trial.refused
        found.mended += trial.chosen
        found.text, before = trial.text, trial.after
    assert differs(first, before, smaller=True, exactly=False) is None
    return found


class _Round:
    """One round over a text: `chosen` are the warnings whose edits made `text`, and `after` of it."""

    def __init__(self, source: Source, before: Mapping[str, Compilation], compile: Compile, left: int):
        self.source, self.before, self.compile, self.left = source, before, compile, left
        self.text, self.after = source.text, before
        self.chosen: list[Diagnostic] = []
        self.refused: list[tuple[Diagnostic, str]] = []

    def settle(self, group: list[Diagnostic]) -> None:
        """Choose all of a group, or what can be chosen of each half of it."""
        if not group or self.left <= 0:
            return
        self.left -= 1
        together = [*self.chosen, *group]
        text = edits.apply(self.source, [edit for each in together for edit in each.edits])
        after = self.compile(Source(self.source.name, text))
        codes = {each.code for each in together}
        smaller = not codes.isdisjoint(_SMALLER)
        reason = differs(self.before, after, smaller=smaller, exactly=codes.isdisjoint((*_SMALLER, *_IDEMPOTENT)))
        if reason is None:
            self.chosen, self.text, self.after = together, text, after
        elif len(group) == 1:
            self.refused.append((group[0], reason))
        else:
            self.settle(group[: len(group) // 2])
            self.settle(group[len(group) // 2 :])


def _key(warning: Diagnostic) -> tuple[str, str]:
    return warning.code, warning.message


def _apart(warnings: list[Diagnostic]) -> list[Diagnostic]:
    """The warnings whose edits do not touch those of one before; the others have their turn in the next round."""
    taken: list[tuple[int, int]] = []
    chosen = []
    for warning in warnings:
        own = sorted({(edit.span.start, edit.span.end) for edit in warning.edits})
        if not any(_touches(taken, each) for each in own):
            for each in own:
                insort(taken, each)
            chosen.append(warning)
    return chosen


def _touches(taken: list[tuple[int, int]], own: tuple[int, int]) -> bool:
    """Whether a stretch touches one of those taken, which lie in order and apart."""
    at = bisect_left(taken, own)
    return any(start <= own[1] and own[0] <= end for start, end in taken[max(at - 1, 0) : at + 1])


def differs(
    before: Mapping[str, Compilation],
    after: Mapping[str, Compilation],
    *,
    smaller: bool = False,
    exactly: bool = True,
) -> str | None:
    """What is not as it was, in words, or None.

    With `smaller` biases may be gone, but nothing else of the weights; without `exactly` the digests may differ.
    """
    for name, old in before.items():
        new = after.get(name)
        where = f" of variant {name}" if name else ""
        if new is None:
            return f"the variant {name} would be gone"
        known = {(each.code, each.message) for each in old.report.errors}
        for error in new.report.errors:
            if (error.code, error.message) not in known:
                return f"then {error.message}"
        if (old.network is None) != (new.network is None):
            return f"the network{where} would be gone"
        if old.network is not None and new.network is not None:
            reason = _networks_differ(old.network, new.network, smaller, exactly)
            if reason is not None:
                return f"{reason}{where} would change"
    return None


def _networks_differ(old: Network, new: Network, smaller: bool, exactly: bool) -> str | None:
    if old.output != new.output or [old.shapes[each.value] for each in old.outputs] != [
        new.shapes[each.value] for each in new.outputs
    ]:
        return "the output"
    if old.totals is not None and new.totals is not None and old.totals.macs != new.totals.macs:
        return "the multiply-adds"
    one, two = _state(old), _state(new)
    if smaller:
        gone = one.keys() - two.keys()
        kept = all(one[name] == shape for name, shape in two.items() if name in one) and not two.keys() - one.keys()
        return None if kept and all(name.endswith(".bias") or name == "bias" for name in gone) else "the weights"
    if one != two:
        return "the names of the weights"
    return "the function" if exactly and digest(old) != digest(new) else None


def _state(network: Network) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors by their names in the `state_dict`."""
    return {
        f"{node.path}.{name}": weight.shape for node in network.nodes for name, weight in network.weights(node).items()
    }
