"""The edits that warnings carry, made, with a proof afterwards that the network is what it was.

An edit is made only if every variant compiles as before: no new error, the same shapes, multiply-adds, names of weights
and digest. Only the bias before a norm may go. What fails the proof is left as it was, with the reason: for instance
where a claim of the file counts the weights of that bias.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from netdsl.analysis.trial import MOST_ROUNDS, Trial
from netdsl.compiler import Compilation
from netdsl.ir import Network
from netdsl.passes.hash import digest
from netdsl.text.diagnostics import Diagnostic, Report
from netdsl.text.edits import apart, within
from netdsl.text.source import Source

MOST_TRIALS = 100
"""How often the text is compiled at most."""
_SMALLER = ("W0104",)
"""The codes whose edits take weights away."""
_IDEMPOTENT = ("W0403",)
"""The codes whose edits remove a repeated ReLU, which changes the digest and not the function."""

Variants = Mapping[str, Compilation]


@dataclass
class Mended:
    """The text with all edits that could be made, the warnings they mended, and the others, each with the reason."""

    text: str
    mended: list[Diagnostic] = field(default_factory=list)
    refused: list[tuple[Diagnostic, str]] = field(default_factory=list)


def mend(source: Source, compile: Callable[[Source], Variants], judge: Callable[[Variants], Report]) -> Mended:
    """Make the edits of a text's warnings, again and again, until none is left that can be made.

    `compile` gives the variants of a text by name, `judge` the warnings about them.
    """
    found = Mended(source.text)
    first = before = compile(source)
    known: set[tuple[str, str]] = set()
    left = MOST_TRIALS
    for _ in range(MOST_ROUNDS):
        waiting = [each for each in judge(before) if within(each, source) and (each.code, each.message) not in known]
        if not waiting or left <= 0:
            break
        trial = Trial(Source(source.name, found.text), before, compile, partial(_proof, before), left, lambda _: 1)
        trial.settle(apart(waiting))
        known.update((each.code, each.message) for each, _ in trial.refused)
        found.refused += trial.refused
        found.mended += trial.chosen
        found.text, before, left = trial.text, trial.after, trial.left
    assert differs(first, before, smaller=True, exactly=False) is None
    return found


def _proof(before: Variants, after: Variants, mended: Sequence[Diagnostic]) -> str | None:
    codes = {each.code for each in mended}
    exactly = codes.isdisjoint((*_SMALLER, *_IDEMPOTENT))
    return differs(before, after, smaller=not codes.isdisjoint(_SMALLER), exactly=exactly)


def differs(before: Variants, after: Variants, *, smaller: bool = False, exactly: bool = True) -> str | None:
    """What is not as it was, in words, or None.

    With `smaller` biases may be gone, but no other weights; without `exactly` the digests may differ.
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
        kept = two.items() <= one.items() and all(name.split(".")[-1] == "bias" for name in one.keys() - two.keys())
        return None if kept else "the weights"
    if one != two:
        return "the names of the weights"
    return "the function" if exactly and digest(old) != digest(new) else None


def _state(network: Network) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors by their names in the `state_dict`."""
    return {
        f"{node.path}.{name}": weight.shape for node in network.nodes for name, weight in network.weights(node).items()
    }
