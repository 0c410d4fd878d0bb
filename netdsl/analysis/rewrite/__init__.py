"""The papers' own transformations of a spec, made on its text: factorize large kernels, reduce channels before them.

Only the statements that change are written anew; layout, comments and everything else stay. The result is compiled
before anybody gets it: every variant must be right and have the output it had, or nothing is changed at all. It is
another network, so that claims about figures need not hold any more: those that fail are taken out, and named.

    found = factorize(source, compile, labels=("conv2",))
    found.text, found.changes, found.dropped
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netdsl.analysis.rewrite._apply import Rewriting, Rewritten, rewritten
from netdsl.analysis.rewrite._change import Change, placed, statement_stride
from netdsl.analysis.rewrite._factorize import CHANNELS, INTO, factorized
from netdsl.analysis.rewrite._find import Found, find, out_of_reach
from netdsl.analysis.rewrite._reduce import RATIO, bottlenecked, reduced
from netdsl.analysis.rewrite._spec import CannotRewrite, Compile, Refusal, Spec
from netdsl.analysis.rewrite._written import written
from netdsl.syntax import tree
from netdsl.text.source import Source

__all__ = [
    "CHANNELS",
    "INTO",
    "RATIO",
    "CannotRewrite",
    "Change",
    "Rewriting",
    "Rewritten",
    "factorize",
    "reduce",
]


def factorize(
    source: Source,
    compile: Compile,
    *,
    labels: Sequence[str] = (),
    kernel: tuple[int, int] | None = None,
    into: str = "3x3",
    channels: str = "out",
    keep_claims: bool = False,
) -> Rewritten:
    """Large kernels as stacks of small ones (`into` 3x3), or as 1xn and nx1 (`into` 1xn).

    `labels` are the statements to change, all inside them included; without them all of one `kernel` are, or all that
    cost less then. `channels` are those of the inner layers: as many as come `out`, as come `in`, or growing in equal
    steps (`grow`). Raises `CannotRewrite`.

    Sources: Simonyan and Zisserman 2015, section 2.3; Szegedy et al. 2016, sections 3.1 and 3.2.
    """

    def one(spec: Spec, found: Found) -> Change:
        layer, item = found
        notes: list[str] = []
        if isinstance(item, tree.Bracket):
            rows: list[str] = []
            reasons: list[Refusal] = []
            for row in item.rows:
                parts = [spec.text(row.span)]
                try:
                    conv = written(spec, row)
                    if not candidate(conv.kernel):
                        raise Refusal("its kernel has another size")
                    parts, more = factorized(spec, row, conv, into, channels)
                    notes += more
                except Refusal as refusal:
                    reasons.append(refusal)
                rows += parts
            if len(reasons) == len(item.rows):
                raise max(reasons, key=lambda refusal: bool(refusal.help))
            return Change(item.span, _label(layer), spec.text(item.span), "[" + "; ".join(rows) + "]", tuple(notes))
        conv = written(spec, item, statement_stride(spec, layer))
        parts, notes = factorized(spec, item, conv, into, channels)
        return placed(spec, layer, parts, notes)

    def candidate(size: tuple[int, int]) -> bool:
        return size == kernel if kernel else size[0] == size[1] >= 5 and size[0] % 2 == 1

    return _all(source, compile, labels, one, candidate, keep_claims, saves=not labels and kernel is None)


def reduce(
    source: Source,
    compile: Compile,
    *,
    labels: Sequence[str] = (),
    kernel: tuple[int, int] | None = None,
    ratio: int = RATIO,
    to: int | None = None,
    bottleneck: bool = False,
    keep_claims: bool = False,
) -> Rewritten:
    """A 1x1 convolution to a `ratio`-th of the channels, or `to` so many, before large ones; with `bottleneck` these
    have as few channels, and another 1x1 convolution restores them. A bracket of two rows becomes a bottleneck.

    `labels` and `kernel` are as for `factorize`; without them all are changed that cost less then. Raises
    `CannotRewrite`.

    Sources: Lin, Chen and Yan 2014; Szegedy et al. 2015, section 4; He et al. 2016, section 4.1.
    """

    def one(spec: Spec, found: Found) -> Change:
        layer, item = found
        if isinstance(item, tree.Bracket):
            new, notes = bottlenecked(spec, item, ratio, to)
            return Change(item.span, _label(layer), spec.text(item.span), new, tuple(notes))
        conv = written(spec, item, statement_stride(spec, layer))
        parts, notes = reduced(spec, layer, item, conv, ratio, to, bottleneck)
        return placed(spec, layer, parts, notes)

    def candidate(size: tuple[int, int]) -> bool:
        return size == kernel if kernel else min(size) >= 3

    return _all(source, compile, labels, one, candidate, keep_claims, saves=not labels and kernel is None)


def _all(
    source: Source,
    compile: Compile,
    labels: Sequence[str],
    one: Callable[[Spec, Found], Change],
    candidate: Callable[[tuple[int, int]], bool],
    keep_claims: bool,
    saves: bool = False,
) -> Rewritten:
    """Rewrite what was found, all of it or nothing; what cannot be is an error where it was asked for by its label."""
    spec = Spec(compile(source))
    changes: list[Change] = []
    skipped: list[tuple[int, str]] = []
    quiet: list[tuple[int, str]] = []
    for found in find(spec, labels, candidate):
        try:
            changes.append(one(spec, found))
        except Refusal as refusal:
            why = refusal.message + (f"; {refusal.help}" if refusal.help else "")
            told = (spec.line(found.item.span), f"`{' '.join(spec.text(found.item.span).split())}`: {why}")
            (quiet if refusal.done else skipped).append(told)
    if labels and not changes:
        reasons = [f"line {line}: {why}" for line, why in skipped + quiet] or ["it holds no such convolution"]
        raise CannotRewrite(f"{', '.join(f'`{label}`' for label in labels)} cannot be rewritten: {'; '.join(reasons)}")
    if not labels:
        skipped += out_of_reach(spec, candidate)
    return rewritten(spec, compile, changes, skipped, keep_claims, saves)


def _label(layer: tree.Layer) -> str | None:
    return layer.label.text if layer.label is not None else None
